"""Where tasks run: one module or folder per kind of compute target (`ports.ComputeTarget`)."""
