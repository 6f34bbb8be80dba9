"""What `pitboss doctor` looks at: each module one part of the machine, each finding with what to do about it."""
