"""Adapters of `ports.ObjectStore`: folders and S3 buckets. Standard library only."""
