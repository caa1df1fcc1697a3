"""Steps as processes of this machine."""
