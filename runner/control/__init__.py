"""The controller: what to do next (pure), doing it, and the loop around both."""
