"""What TWS's general codes mean for the link (tws-api, message_codes)."""

from __future__ import annotations

from enum import Enum

__all__ = ["Meaning", "meaning_of"]


class Meaning(Enum):
    """What a notice changes."""

    NOTHING = "nothing"  # worth telling, no more
    LINK_DOWN = "TWS has lost the link to IB"  # no new risk; what comes in counts all the same
    RESTORED_EMPTY = "restored, subscriptions lost"
    RESTORED = "restored, subscriptions kept"
    CLIENT_ID_IN_USE = "the client id is in use"
    RATE_EXCEEDED = "too many messages a second"
    ACCOUNT_DATA_LOST = "the account's updates have ended"


_MEANINGS = {
    1100: Meaning.LINK_DOWN,
    2110: Meaning.LINK_DOWN,
    1101: Meaning.RESTORED_EMPTY,
    1102: Meaning.RESTORED,
    326: Meaning.CLIENT_ID_IN_USE,
    100: Meaning.RATE_EXCEEDED,
    2100: Meaning.ACCOUNT_DATA_LOST,
}


def meaning_of(code: int) -> Meaning:
    """Return what a notice means for the link. Data farms (2103 to 2108, 2119, 2157, 2158) mean nothing for it."""
    return _MEANINGS.get(code, Meaning.NOTHING)
