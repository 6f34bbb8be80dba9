"""The journal actor; where its records lie is `storage`."""

from actors.journal.actor import JournalActor
from actors.journal.unwritten import Unwritten

__all__ = ["JournalActor", "Unwritten"]
