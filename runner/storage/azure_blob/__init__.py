"""Containers of Azure Blob Storage as object stores that are only read. Standard library only."""
