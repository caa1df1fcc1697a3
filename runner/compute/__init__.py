"""Adapters of `ports.ComputeTarget`: Kubernetes Jobs, local processes."""
