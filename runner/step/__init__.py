"""The bootstrap that runs inside a step's container. Standard library only."""
