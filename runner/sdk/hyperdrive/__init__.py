"""The search over hyperparameters (v1's HyperDrive): its configuration, its step, and its runs."""
