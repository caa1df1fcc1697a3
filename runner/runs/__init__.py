"""A run in its store: journal, records, index. Functions over `ObjectStore`."""
