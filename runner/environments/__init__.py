"""Environments: from what an author wrote to exact packages."""
