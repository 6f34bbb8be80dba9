"""What may cross a mailbox or enter the journal: frozen attrs classes, one module per subject."""
