"""Documents that people write, read with the file and line of each value."""
