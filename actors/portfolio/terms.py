"""The limits and guards of a configuration, as the gate takes them."""

from __future__ import annotations

from config.risk_settings import RiskSettings
from domain.guards import GuardLimits
from domain.limits import Bounds, Group, Limits

__all__ = ["guards_of", "limits_of"]


def limits_of(risk: RiskSettings) -> Limits:
    """Return what exposure must not exceed."""
    return Limits(
        max_position_shares=risk.max_position_shares,
        max_position_notional=risk.max_position_notional,
        max_order_notional=risk.max_order_notional,
        portfolio=Bounds(gross=risk.max_gross_exposure, net=risk.max_net_exposure, shares=risk.max_gross_shares),
        sector=Bounds(gross=risk.max_sector_exposure, net=risk.max_sector_net_exposure, shares=risk.max_sector_shares),
        groups=tuple(
            Group(
                name=name,
                symbols=frozenset(group.symbols),
                bounds=Bounds(
                    gross=group.max_gross_exposure, net=group.max_net_exposure, shares=group.max_gross_shares
                ),
            )
            for name, group in risk.groups.items()
        ),
        price_collar_pct=risk.price_collar_pct,
    )


def guards_of(risk: RiskSettings) -> GuardLimits:
    """Return what one order must not be."""
    return GuardLimits(
        min_shares=risk.min_order_shares,
        max_shares=risk.max_order_shares,
        min_notional=risk.min_order_notional,
        orders_per_minute=risk.max_orders_per_minute,
        duplicate_seconds=risk.duplicate_seconds,
    )
