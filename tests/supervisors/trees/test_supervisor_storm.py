"""Whatever crashes when: each message is handled once and in order, and everything runs in the end."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import trio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actors.runtime.lifecycle import StartFailedError
from actors.runtime.status import ActorState
from messages.lifecycle import DeadLetter
from supervisors.operations import SupervisorStoppedError
from supervisors.specification import Backoff, Strategy, SupervisorSpecification

_NAMES = ("a", "b", "c/1", "c/2", "d")
_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("tell"), st.sampled_from(_NAMES)),
        st.tuples(st.just("crash"), st.sampled_from(_NAMES)),
        st.tuples(st.just("fail a start"), st.sampled_from(_NAMES)),
        st.tuples(st.just("restart"), st.sampled_from(_NAMES)),
        st.tuples(st.just("wait"), st.sampled_from([0.0, 0.01, 0.2, 3.0])),
    ),
    max_size=40,
)


@given(outer=st.sampled_from(list(Strategy)), inner=st.sampled_from(list(Strategy)), steps=_STEPS)
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_storm_leaves_everything_running_and_nothing_lost(
    grow: Any, outer: Strategy, inner: Strategy, steps: list[Any]
) -> None:
    def plan(tree: Any) -> SupervisorSpecification:
        def make(name: str, children: Any, strategy: Strategy) -> SupervisorSpecification:
            return SupervisorSpecification(name, children, strategy, 10_000, backoff=Backoff(0.1, 1.0, 0.5))

        below = make("c", (tree.child("c/1"), tree.child("c/2")), inner)
        return make("root", (tree.child("a"), tree.child("b"), below, tree.child("d")), outer)

    async def body(tree: Any) -> None:
        sent: dict[str, list[int]] = {name: [] for name in _NAMES}
        crashes = 0
        async with trio.open_nursery() as nursery:
            for step, what in steps:
                if step == "wait":
                    await trio.sleep(what)
                elif step == "tell":
                    sent[what].append(len(sent[what]))
                    tree.system.address(what).tell(sent[what][-1])
                elif step == "crash":
                    crashes += 1
                    tree.crash(what)
                elif step == "restart":
                    supervisor = tree.root.supervisor("c" if what.startswith("c/") else "root")
                    if supervisor.running:
                        nursery.start_soon(restart, supervisor, what)
                else:
                    tree.failures.setdefault(what, []).append(OSError("start"))
        await tree.system.idle()
        for name in _NAMES:
            assert tree.system.address(name).state is ActorState.RUNNING
            handled = [line for line in tree.log if line.endswith(f" {name}") and line[0].isdigit()]
            assert handled == [f"{number} {name}" for number in sent[name]]
        assert len(tree.of(DeadLetter)) == crashes

    async def restart(supervisor: Any, name: str) -> None:
        with suppress(StartFailedError, SupervisorStoppedError):
            await supervisor.restart_child(name)

    grow(plan, body)
