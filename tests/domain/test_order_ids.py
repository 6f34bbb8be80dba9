"""Order ids: INC-06 and INC-11."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.ids import BLOCK, LAST_ORDER_ID, OrderIds, OrderIdsExhausted


def test_an_id_is_reserved_before_it_is_used_and_a_block_at_a_time() -> None:
    ids = OrderIds()
    ids.offered(5)
    first, reservation = ids.take(3)
    assert (list(first), reservation) == ([5, 6, 7], 8 + BLOCK)
    second, none = ids.take(2)
    assert (list(second), none) == ([8, 9], None)


def test_a_rolled_back_next_valid_id_does_not_bring_ids_back() -> None:
    ids = OrderIds()
    ids.offered(38099)
    ids.take(4)
    ids.offered(38099)  # INC-06: after the nightly restart
    assert list(ids.take(1)[0]) == [38103]


def test_a_restart_goes_on_above_the_reservation() -> None:
    before = OrderIds()
    _, reservation = before.take(3)
    assert reservation is not None
    after = OrderIds()
    after.recover(reservation)
    after.offered(1)
    assert after.take(1)[0].start == reservation


def test_ids_of_other_clients_are_passed() -> None:
    ids = OrderIds()
    ids.saw(900)
    assert ids.take(1)[0].start == 901


def test_no_id_beyond_what_tws_can_read() -> None:
    ids = OrderIds()
    ids.offered(LAST_ORDER_ID)
    assert list(ids.take(1)[0]) == [LAST_ORDER_ID]
    with pytest.raises(OrderIdsExhausted):
        ids.take(1)


steps = st.lists(
    st.one_of(
        st.tuples(st.just("take"), st.integers(1, 250)),
        st.tuples(st.just("offered"), st.integers(1, 2000)),
        st.tuples(st.just("saw"), st.integers(-1, 2000)),
        st.tuples(st.just("restart"), st.just(0)),
    ),
    max_size=30,
)


@given(steps)
def test_no_id_is_ever_given_twice_across_restarts(script: list[tuple[str, int]]) -> None:
    ids, durable, given_out = OrderIds(), 1, [0]
    for verb, number in script:
        match verb:
            case "take":
                taken, reservation = ids.take(number)
                durable = reservation or durable
                assert taken.start > given_out[-1]
                assert taken.stop <= durable
                given_out += taken
            case "offered":
                ids.offered(number)
            case "saw":
                ids.saw(number)
            case _:
                ids = OrderIds()
                ids.recover(durable)
