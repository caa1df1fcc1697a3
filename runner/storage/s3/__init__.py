"""An S3 client on the standard library: signatures, connections, multipart transfers, the store."""
