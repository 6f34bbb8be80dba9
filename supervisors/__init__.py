"""The supervision tree and the process around it."""
