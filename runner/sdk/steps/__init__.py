"""Step kinds: one file each."""
