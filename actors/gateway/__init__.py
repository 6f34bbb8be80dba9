"""The one connection to TWS: what goes out, what comes in, and whether it can be trusted."""
