"""The shipped configurations, each key explained: demo.toml, paper.toml, live.toml."""
