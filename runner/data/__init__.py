"""Trees of files: snapshots, manifests, staging in and out. Functions over `ObjectStore`."""
