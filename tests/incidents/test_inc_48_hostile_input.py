"""INC-48: what is received is evaluated; open dashboards."""

from __future__ import annotations

from random import Random

import pytest

INCIDENT = {
    "number": "INC-48",
    "title": "Open dashboard; eval or pickle on wire data",
    "source": "https://github.com/Drakkar-Software/OctoBot/issues/1966",
    "others": "44 dashboards without a password were found by search engine; received data reached eval and pickle.",
    "pitboss": "Decoders are total: what cannot be read is counted, told, and followed by a comparison with the "
    "broker; no eval, no pickle. The control socket is a file of its user.",
    "tests": ["tests/simulator/test_wire_fuzz.py", "tests/messages/test_codec.py", "tests/test_lint.py"],
}
KINDS = (
    "3",
    "4",
    "5",
    "9",
    "11",
    "15",
    "53",
    "58",
    "59",
    "61",
    "62",
    "101",
    "102",
    "10",
    "1",
    "2",
    "999",
    "",
    "-1",
    "x",
)


@pytest.mark.parametrize("seed", range(5))
def test_inc_48_messages_that_cannot_be_read_change_nothing(stage, seed):
    async def body(it):
        await it.open()
        dice = Random(seed)
        (session,) = it.paper.tws.clients
        for _ in range(60):
            words = ("", "0", "-1", "1e309", "nan", "__import__('os')", "\x80\x04.", "9" * 40, "AAPL", "Filled")
            session.write([dice.choice(KINDS[10:]), *(dice.choice(words) for _ in range(dice.randrange(12)))])
        await it.settle(10)
        assert (await it.view()).quantity == 100
        await it.sound(maybe={"broker.lost"})
        assert (it.held(), len(it.ours())) == (100, 3)

    stage(body)
