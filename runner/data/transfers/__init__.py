"""Transfers of files between a store and this machine: one engine for steps, the SDK and the command line.

- ``trees.fetch`` and ``trees.deliver`` move the files of a manifest, ``trees.send`` files under their keys,
  ``trees.fetch_file`` one file. Small files go through 16 threads with a connection each; a large one is cut into
  parts by the store (``storage/s3/ranges.py``, ``multipart.py``).
- ``ranged.fetch_files`` does the same as ``trees.fetch``, and keeps complete ranges of large objects for a later call:
  4 ranges of 8 MiB at a time, each with the object's ETag.
- ``progress.Progress`` receives bytes and files.

What differs from its manifest is an error: digests are compared with the bytes on the disk.
"""
