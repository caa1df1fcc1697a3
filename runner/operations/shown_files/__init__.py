"""What a viewer shows of files of unknown origin: each kind read within bounds."""
