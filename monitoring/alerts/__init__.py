"""Alerts: rules over the lines of a log, and their delivery. See docs/alerts.md.

conditions, rules   what a line must be like, compiled from the configuration
alert, engine       from lines and time to announcements: pure, one engine a log
outbox, words       what waits for a channel, and how it is said
channels            apprise, and files
store, watch        the state that survives a restart, and the loop around it all
"""
