"""Random faults: at which rates messages are lost, repeated or delayed."""

from __future__ import annotations

from attrs import frozen

__all__ = ["RandomFaults"]


@frozen(slots=True, kw_only=True)
class RandomFaults:
    """Rates between 0 and 1, together at most 1; what is left passes untouched."""

    messages: tuple[str, ...] = ("*",)
    drop: float = 0.0
    duplicate: float = 0.0
    delay: float = 0.0
    delay_seconds: float = 1.0
    seed: int = 1

    def __attrs_post_init__(self) -> None:
        """Raises ValueError for rates that are none."""
        rates = (self.drop, self.duplicate, self.delay)
        if any(rate < 0 for rate in rates) or sum(rates) > 1:
            raise ValueError(f"rates must lie between 0 and 1 together, not {rates}")
