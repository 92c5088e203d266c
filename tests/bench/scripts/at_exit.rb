# Has what resets a PC claimed.
at_exit {}
