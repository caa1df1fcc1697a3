"""Values: frozen dataclasses, the state tables, the codec. Standard library only."""
