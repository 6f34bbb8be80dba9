"""The gate through which all new risk goes."""

from actors.portfolio.actor import PortfolioActor

__all__ = ["PortfolioActor"]
