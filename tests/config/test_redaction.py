"""No secret comes through, in whatever form it is planted."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from config.redaction import is_secret_name, redact, register_environment, register_secret

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
        "https://planted@host/x",
        "GET /predictions?symbol=AAPL&access_token=planted&x=1",
        "[(b'x-api-key', b'planted'), (b'accept', b'*/*')]",
        """Headers({'x-api-key': "pla'nted"})""",
        """{"password": "a planted, {one} with 'all' of it"}""",
        '{"text": "{\\"password\\": \\"my planted one\\"}"}',
        '{\\"secret\\": \\"planted',
        "Cookie: session=planted; other=planted",
        "Authorization: Digest username=planted, response=planted",
        "sent Bearer planted-0123456789 to it",
        "eyJhbGciOiJI.planted_payload.signature was refused",
        "PWD=planted",
        "client_secret: planted",
        "the api key: planted",
    ],
)
def test_what_is_assigned_to_a_telling_name_is_masked(text: str) -> None:
    assert "planted" not in redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "AAPL bought at 150.10",
        "order_ref=pb-1 symbol=KEY",
        "tokens of trust: many",
        "the token, however, was refused",
        "key: AAPL, passes: true, author: me",
        "see https://example.com/docs?page=1#token",
        '{"event": "signals.key_refused", "text": "the service refuses the key (401)"}',
    ],
)
def test_other_text_stays(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"error": repr(CANARY)}),
        json.dumps(json.dumps({"body": CANARY})),
        repr({"error": f"ValueError({CANARY!r})"}),
        json.dumps({"text": f"GET /x?k={quote(CANARY)}"}),
        repr(CANARY.encode()),
    ],
)
def test_a_registered_secret_is_masked_where_it_was_escaped_twice(text: str) -> None:
    register_secret(CANARY)
    assert "canary" not in redact(text)


def test_secrets_of_the_environment_are_known_by_the_name_of_their_variable() -> None:
    register_environment({"TWS_PASSWORD": "hunter2hunter2", "HOME": "/home/of-somebody", "MY_TOKEN": "true"})
    assert redact("hunter2hunter2 at /home/of-somebody, true") == "*** at /home/of-somebody, true"


def test_the_folder_that_a_shell_is_in_is_no_password() -> None:
    register_environment({"PWD": "/srv/of-somebody", "OLDPWD": "/srv/of-somebody-else"})
    assert redact("/srv/of-somebody and /srv/of-somebody-else") == "/srv/of-somebody and /srv/of-somebody-else"


def test_field_names_that_hold_secrets() -> None:
    assert all(map(is_secret_name, ["api_key", "X-API-Key", "Authorization", "auth_token", "password"]))
    assert not any(map(is_secret_name, ["key", "order_ref", "symbol", "monkey", "perm_id"]))


@pytest.mark.parametrize(
    "text", ["token='never closed", "a secret: 'x", 'no "token', "the last word is token", "pwd=b'"]
)
def test_a_line_stays_json_with_its_other_fields_whatever_is_masked(text: str) -> None:
    line = json.dumps({"error": text, "symbol": "AAPL", "reason": f"again {text}"})
    found = json.loads(redact(line))
    assert found.keys() == {"error", "symbol", "reason"}
    assert found["symbol"] == "AAPL"
