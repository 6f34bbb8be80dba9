"""The event bus: subclasses match, each subscriber is told once, order is kept."""

import pytest

from actors.bus import EventBus
from messages.event import BaseEvent
from messages.risk import HaltedEvent, ResumedEvent


class Mailbox(list):
    """A mailbox that keeps what it is told."""

    tell = list.append

    def __eq__(self, other):
        return self is other

    __hash__ = None


def test_a_subscriber_to_a_base_class_is_told_of_subclasses_in_order():
    bus, everything, halts = EventBus(), Mailbox(), Mailbox()
    bus.subscribe(BaseEvent, everything)
    bus.subscribe(HaltedEvent, halts)
    events = [HaltedEvent("a"), ResumedEvent("b"), HaltedEvent("c")]
    for event in events:
        bus.publish(event)
    assert list(everything) == events
    assert list(halts) == [events[0], events[2]]


def test_one_subscriber_to_class_and_base_class_is_told_once():
    bus, mailbox = EventBus(), Mailbox()
    bus.subscribe(BaseEvent, mailbox)
    bus.subscribe(HaltedEvent, mailbox)
    bus.subscribe(HaltedEvent, mailbox)
    bus.publish(HaltedEvent("a"))
    assert list(mailbox) == [HaltedEvent("a")]


def test_wanted_follows_subscriptions():
    bus, mailbox = EventBus(), Mailbox()
    assert not bus.wanted(HaltedEvent)
    bus.subscribe(BaseEvent, mailbox)
    assert bus.wanted(HaltedEvent)
    bus.unsubscribe(BaseEvent, mailbox)
    assert not bus.wanted(HaltedEvent)
    bus.publish(HaltedEvent("a"))
    assert list(mailbox) == []


def test_ending_a_subscription_that_is_not_there_raises():
    with pytest.raises(ValueError, match="not subscribed to HaltedEvent"):
        EventBus().unsubscribe(HaltedEvent, Mailbox())
