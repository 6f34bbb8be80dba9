"""The journal actor; where its records lie is `storage`."""

from actors.journal.actor import JournalActor

__all__ = ["JournalActor"]
