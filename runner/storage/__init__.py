"""Object stores: adapters of `ports.ObjectStore`. All but `minio` stand on the standard library alone."""
