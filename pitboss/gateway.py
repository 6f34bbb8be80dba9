"""The link to the broker, as a program sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from messages.gateway import GatewayStatus, LinkStatus

if TYPE_CHECKING:
    from pitboss.system import PitbossSystem

__all__ = ["IBGateway"]


class IBGateway:
    """The one connection to TWS of a running system. Everything that is sent goes through its actor."""

    def __init__(self, system: PitbossSystem) -> None:
        """Made by the system: `system.gateway`."""
        self._system = system

    @property
    def system(self) -> PitbossSystem:
        """The system that it belongs to."""
        return self._system

    @property
    def host(self) -> str:
        """Where TWS is."""
        return self._system.settings.broker.host

    @property
    def port(self) -> int:
        """Its port."""
        return self._system.settings.broker.port

    @property
    def client_id(self) -> int:
        """The API client id."""
        return self._system.settings.broker.client_id

    async def status(self) -> LinkStatus:
        """Ask how the link stands: connected, epoch, last round trip, account. Raises NoAnswerError."""
        status: LinkStatus = await self._system.ask("gateway", GatewayStatus())
        return status
