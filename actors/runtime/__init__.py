"""The runtime: addresses, mailboxes, the run queue, and what an actor is."""
