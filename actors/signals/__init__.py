"""Where signals come from: each source is an actor of its own, `signals/NAME`."""
