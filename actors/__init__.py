"""The actors and the run queue they live on."""
