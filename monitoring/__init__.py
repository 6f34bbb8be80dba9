"""Readers of the log and the journal; nothing here can touch trading."""
