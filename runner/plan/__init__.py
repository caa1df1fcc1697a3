"""From a pipeline file to a `Plan`: validate, lock, read and write (pure)."""
