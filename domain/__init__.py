"""Trading logic, pure and synchronous: no clock, no input or output, no randomness."""
