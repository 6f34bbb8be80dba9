"""The state table: no news raises, nothing regresses, every status can be left or is an end."""

import pytest

from domain.order_states import TRANSITIONS, IllegalTransition, OrderInput, advance
from messages.order import OrderStatus

OWN = {OrderInput.INTEND, OrderInput.DENY, OrderInput.ASK_MODIFY}


def test_every_status_has_a_row() -> None:
    assert set(TRANSITIONS) == set(OrderStatus)


@pytest.mark.parametrize("status", OrderStatus)
@pytest.mark.parametrize("event", [event for event in OrderInput if event not in OWN])
def test_news_of_any_kind_is_taken_in_any_status(status: OrderStatus, event: OrderInput) -> None:
    assert advance("pb-1", status, event) in OrderStatus


@pytest.mark.parametrize("event", sorted(OWN))
def test_an_own_step_that_does_not_fit_names_order_status_and_step(event: OrderInput) -> None:
    with pytest.raises(IllegalTransition, match=f"order pb-1: no {event} while FILLED"):
        advance("pb-1", OrderStatus.FILLED, event)


@pytest.mark.parametrize("event", [event for event in OrderInput if event not in OWN])
def test_nothing_leaves_filled(event: OrderInput) -> None:
    assert advance("pb-1", OrderStatus.FILLED, event) is OrderStatus.FILLED


@pytest.mark.parametrize(
    "status", [status for status in OrderStatus if status not in (OrderStatus.CREATED, OrderStatus.DENIED)]
)
def test_a_complete_fill_ends_any_order_that_may_have_left(status: OrderStatus) -> None:
    assert advance("pb-1", status, OrderInput.FILL_WHOLE) is OrderStatus.FILLED


@pytest.mark.parametrize(
    ("status", "event"),
    [
        (OrderStatus.CANCELLED, OrderInput.WORKING),
        (OrderStatus.PARTIALLY_FILLED, OrderInput.WORKING),
        (OrderStatus.PENDING_CANCEL, OrderInput.WORKING),
        (OrderStatus.PENDING_CANCEL, OrderInput.FILL_PART),
        (OrderStatus.PENDING_MODIFY, OrderInput.WORKING),
        (OrderStatus.CANCELLED, OrderInput.FILL_PART),
        (OrderStatus.ACCEPTED, OrderInput.SEND),
    ],
)
def test_stale_or_partial_news_does_not_move_it(status: OrderStatus, event: OrderInput) -> None:
    assert advance("pb-1", status, event) is status


def test_an_order_that_was_proven_absent_lives_again_when_the_broker_shows_it() -> None:
    # INC-02: its bytes had waited in a frozen gateway
    assert advance("pb-1", OrderStatus.NOT_SENT, OrderInput.WORKING) is OrderStatus.ACCEPTED


def test_every_live_status_can_be_doubted_and_resolved() -> None:
    for status in OrderStatus:
        if not status.done and status not in (OrderStatus.CREATED, OrderStatus.UNKNOWN):
            assert advance("pb-1", status, OrderInput.DOUBT) is OrderStatus.UNKNOWN
    for event in (OrderInput.WORKING, OrderInput.CANCEL, OrderInput.REJECT, OrderInput.ABSENT, OrderInput.VANISH):
        assert advance("pb-1", OrderStatus.UNKNOWN, event) is not OrderStatus.UNKNOWN
