"""Files that people write: opened with care, and read with the places of all that they hold."""
