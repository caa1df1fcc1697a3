"""Views of files of unknown origin: each kind is read within bounds."""
