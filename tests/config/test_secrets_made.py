"""Secrets that Pitboss makes itself."""

from datetime import UTC, datetime

import trio
from trio.testing import MockClock

from config.environment import machine, virtual

START = datetime(2026, 11, 20, tzinfo=UTC)


def test_a_real_machine_s_secrets_do_not_come_from_the_seed():
    one, other = machine(seed=1), machine(seed=1)
    assert one.new_id() == other.new_id()
    made = one.new_secret(), other.new_secret()
    assert made[0] != made[1]
    assert all(len(secret) == 32 and secret.isalnum() for secret in made)


def test_in_virtual_time_they_do_so_that_a_run_repeats():
    async def made():
        return virtual(START, seed=1).new_secret()

    assert trio.run(made, clock=MockClock()) == trio.run(made, clock=MockClock())
