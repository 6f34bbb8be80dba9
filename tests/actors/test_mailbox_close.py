"""What waits in a mailbox when it closes for good."""

from __future__ import annotations

from typing import Any

from actors.runtime.system import System


def test_messages_that_wait_become_dead_letters_and_ticks_are_counted(world: Any) -> None:
    async def body(system: System, events: list[Any]) -> None:
        address = system.address("a")
        address.tell("a message")
        system.publish([(address, 1, 2.0, 3.0), (address, 2, 4.0, 5.0)])
        address.close("the process ends")
        assert [letter.message for letter in system.dead_letters.kept] == ["'a message'"]
        assert address.status().dropped_ticks == 2
        assert address.mailbox_length == 0

    world(body)
