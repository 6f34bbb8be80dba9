"""`pitboss monitor`: the log as a picture on a terminal. `app` needs textual; nothing else here does, but `grid`."""
