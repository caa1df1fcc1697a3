"""The folder a DataTransferStep runs in: its script, and nothing that its snapshot does not need."""
