"""Where the journal's records lie: the port, the SQLite file behind a worker thread, and the simulated disk."""
