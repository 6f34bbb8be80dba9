import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.wire.fields import BadField, FieldReader, encode, text
from simulator.wire.framing import MAX_LENGTH, FrameReader, MalformedFrame, frame


@given(st.lists(st.binary(min_size=1, max_size=200), max_size=20), st.lists(st.integers(1, 50), min_size=1))
def test_frames_come_out_as_they_went_in_however_the_stream_is_split(bodies: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(frame(body) for body in bodies)
    reader = FrameReader()
    out: list[bytes] = []
    position = turn = 0
    while position < len(stream):
        step = cuts[turn % len(cuts)]
        reader.feed(stream[position : position + step])
        out += reader.frames()
        position += step
        turn += 1
    assert out == bodies
    assert len(reader) == 0


def test_a_burst_of_frames_leaves_no_bytes_behind() -> None:
    reader = FrameReader()
    for _ in range(50):
        reader.feed(frame(b"x" * 3000) * 10)
        assert len(list(reader.frames())) == 10
    assert len(reader._data) <= 65536 + 3004


@pytest.mark.parametrize("length", [0, MAX_LENGTH + 1, 0xFFFFFFFF])
def test_an_impossible_length_is_refused(length: int) -> None:
    reader = FrameReader()
    reader.feed(length.to_bytes(4, "big") + b"rest")
    with pytest.raises(MalformedFrame):
        list(reader.frames())


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, ""),
        (True, "1"),
        (False, "0"),
        (12, "12"),
        (0.1, "0.1"),
        (1e-05, "0.00001"),
        (1e22, "10000000000000000000000"),
        (float("inf"), "Infinity"),
        ("text", "text"),
    ],
)
def test_values_are_written_without_exponents(value: object, written: str) -> None:
    assert text(value) == written


def test_nan_is_never_written() -> None:
    with pytest.raises(ValueError, match="NaN"):
        encode([1, float("nan")])


@pytest.mark.parametrize("bad", ["1e-05", "nan", "inf", "0x10", "1,5", " 1", "1 ", "٣", "--1", ".", "1" * 65])
def test_numbers_that_are_not_plain_are_refused(bad: str) -> None:
    with pytest.raises(BadField):
        FieldReader(f"{bad}\0".encode()).number()


@pytest.mark.parametrize("bad", ["2147483648", "-2147483649", "1.0", "1e3", "٣", "9" * 30, "one"])
def test_integers_that_do_not_fit_32_bits_are_refused(bad: str) -> None:
    with pytest.raises(BadField):
        FieldReader(f"{bad}\0".encode()).integer()


@pytest.mark.parametrize("unset", ["", "2147483647", "1.7976931348623157E308", "1.7976931348623157e+308"])
def test_unset_values_are_none(unset: str) -> None:
    assert FieldReader(f"{unset}\0".encode()).number() is None
    assert FieldReader(f"{unset}\0".encode()).integer(-1) == -1


@pytest.mark.parametrize("body", [b"1", b"\xff\xfe\0"])
def test_a_body_that_is_cut_or_no_text_is_refused(body: bytes) -> None:
    with pytest.raises(BadField):
        FieldReader(body)


@pytest.mark.parametrize("count", ["-1", "3", "999999999", "x"])
def test_a_list_longer_than_the_message_is_refused(count: str) -> None:
    with pytest.raises(BadField):
        FieldReader(f"{count}\0a\0b\0".encode()).repeated(1)
