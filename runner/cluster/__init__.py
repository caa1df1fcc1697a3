"""A local Kubernetes cluster with its store, made and unmade by one command, and what is wrong with it."""
