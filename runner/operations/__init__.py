"""The operations of a user: submit, watch, cancel, retry, list. Functions over ports."""
