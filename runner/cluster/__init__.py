"""`runner cluster up` and `down`, and `runner doctor`."""
