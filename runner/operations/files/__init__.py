"""Files of datastores and of runs' outputs: list, copy out and in, remove, measure, compare, verify."""
