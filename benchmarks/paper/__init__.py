"""Parts of the paper TWS's benchmark: reading clients, orders, and a day in virtual time."""
