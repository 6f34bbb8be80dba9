"""The paper TWS's server: clients, what each asked for, and who is told what."""
