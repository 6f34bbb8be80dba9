"""What the restart benchmark stands on: a whole process with its broker, and a long journal for it."""
