"""The CSI node plugin that mounts bucket prefixes read-only into step pods. It runs in an image of its own.

https://github.com/container-storage-interface/spec/blob/v1.11.0/spec.md
"""
