"""No secret comes through, in whatever form it is planted."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from config.redaction import is_secret_name, redact, register_secret

CANARY = 'canary "7"/ä+z'


@pytest.mark.parametrize(
    "text",
    [
        CANARY,
        f"key {CANARY} in a sentence",
        f"GET https://flow.example.com/api/v1?k={quote(CANARY, safe='')}",
        f"headers { ({'X-API-Key': CANARY})!r}",
        '{"x": "canary \\"7\\"/ä+z"}',
        '{"x": "canary \\"7\\"/\\u00e4+z"}',
    ],
)
def test_a_registered_secret_is_masked_in_each_of_its_forms(text: str) -> None:
    register_secret(CANARY)
    assert "canary" not in redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "X-API-Key: planted",
        'api_key="planted"',
        "{'password': 'planted'}",
        '{"text": "{\\"token\\": \\"planted\\"}"}',
        "Authorization: Bearer planted",
        "https://user:planted@host/x",
    ],
)
def test_what_is_assigned_to_a_telling_name_is_masked(text: str) -> None:
    assert "planted" not in redact(text)


@pytest.mark.parametrize("text", ["AAPL bought at 150.10", "order_ref=pb-1 symbol=KEY", "tokens of trust: many"])
def test_other_text_stays(text: str) -> None:
    assert redact(text) == text


def test_field_names_that_hold_secrets() -> None:
    assert all(map(is_secret_name, ["api_key", "X-API-Key", "Authorization", "auth_token", "password"]))
    assert not any(map(is_secret_name, ["key", "order_ref", "symbol", "monkey", "perm_id"]))
