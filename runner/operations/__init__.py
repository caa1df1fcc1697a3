"""What a user can ask for: submit, wait, cancel, resume, logs, list. Functions over ports."""
