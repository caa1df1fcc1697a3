"""Files: snapshots, manifests, staging of inputs and outputs."""
