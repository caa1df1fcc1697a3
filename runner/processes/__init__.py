"""Processes of this machine: what `/proc` shows of them, and how those that a script has left are ended."""
