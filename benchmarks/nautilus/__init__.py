"""The replay through NautilusTrader, which has an environment of its own: `make nautilus`."""
