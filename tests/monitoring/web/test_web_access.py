"""Who comes in to `pitboss web`, and who does not."""

from __future__ import annotations

import logging
from http.cookies import SimpleCookie

import pytest
import trio

from monitoring.web import CommandFailed
from monitoring.web.app import PAGES
from monitoring.web.attempts import MOST, WITHIN_SECONDS
from monitoring.web.credentials import SESSION_LASTS
from monitoring.web.guard import CSRF_HEADER, local_path
from monitoring.web.hosts import host_of, is_loopback, same_origin

TOKEN = "a-token-that-nobody-guesses"
SCRAPER = "a-token-of-the-scraper-alone"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
ORIGIN = {"Origin": "http://127.0.0.1:8808"}
ROUTES = [
    *(path.partition("{")[0] for path in PAGES),
    "/metrics",
    "/api/session",
    "/api/0/state",
    "/api/0/stream",
    "/api/0/symbol/AAPL",
    "/api/0/trace/pb-e",
    "/api/0/report/2026-11-20",
    "/static/main.js",
    "/static/pitboss.css",
    "/nothing",
]


async def log_in(client, **more):
    return await client.post("/login", data={"token": TOKEN, **more}, headers=ORIGIN)


def test_nothing_but_the_login_is_served_without_the_token(visit):
    async def body(client):
        for path in ROUTES:
            for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic eDp5"}):
                answer = await client.get(path, headers=headers)
                assert answer.status_code in (401, 429), path
                assert "WWW-Authenticate" in answer.headers or answer.status_code == 429
                assert TOKEN not in answer.text
        for path in ("/api/0/command", "/logout"):
            assert (await client.post(path)).status_code == 401
        assert (await client.get("/login")).status_code == 200

    visit(body)


def test_with_the_token_in_the_header_programs_get_everything(visit, log):
    log.trading()

    async def body(client):
        state = (await client.get("/api/0/state", headers=BEARER)).json()
        assert [position["symbol"] for position in state["positions"]] == ["AAPL"], state
        assert (await client.get("/api/1/state", headers=BEARER)).status_code == 404
        assert (await client.get("/static/../settings.py", headers=BEARER)).status_code == 404
        assert (await client.get("/static/page.html", headers=BEARER)).status_code == 200

    visit(body)


def test_a_token_in_the_address_is_no_token(visit):
    async def body(client):
        for query in ("token", "access_token", "key"):
            assert (await client.get(f"/api/session?{query}={TOKEN}")).status_code == 401

    visit(body)


def test_a_browser_is_sent_to_the_login_and_back_and_nowhere_else(visit):
    async def body(client):
        answer = await client.get("/symbol/AAPL?p=0", headers={"Accept": "text/html"})
        assert (answer.status_code, answer.headers["Location"]) == (303, "/login?next=/symbol/AAPL%3Fp%3D0")
        page = await client.get(answer.headers["Location"])
        assert 'value="/symbol/AAPL?p=0"' in page.text
        answer = await log_in(client, next="/symbol/AAPL?p=0")
        assert (answer.status_code, answer.headers["Location"]) == (303, "/symbol/AAPL?p=0")
        for elsewhere in ("https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"):
            assert (await log_in(client, next=elsewhere)).headers["Location"] == "/"
        hostile = await client.get("/login", params={"next": '/"><script>alert(1)</script>'})
        assert "<script>" not in hostile.text

    visit(body)


def test_the_cookie_is_for_this_server_alone_and_is_not_the_token(visit):
    async def body(client):
        answer = await log_in(client)
        (morsel,) = SimpleCookie(answer.headers["Set-Cookie"]).values()
        assert (morsel.key, morsel["path"]) == ("pitboss-8808", "/")
        assert (morsel["httponly"], morsel["samesite"]) == (True, "strict")
        assert TOKEN not in morsel.value
        assert (await client.get("/api/session")).status_code == 200
        last = "0" if morsel.value[-1] != "0" else "1"
        for forged in (morsel.value[:-1] + last, f"9{morsel.value}", "", "..", "x"):
            client.cookies.clear()
            refused = await client.get("/api/session", headers={"Cookie": f"pitboss-8808={forged}"})
            assert refused.status_code == 401

    visit(body)


def test_behind_a_proxy_with_tls_the_cookie_is_for_tls_alone(visit):
    async def body(client):
        headers = {"Host": "desk.example", "Origin": "https://desk.example"}
        answer = await client.post("/login", data={"token": TOKEN}, headers=headers)
        (morsel,) = SimpleCookie(answer.headers["Set-Cookie"]).values()
        assert morsel["secure"]
        (morsel,) = SimpleCookie((await log_in(client)).headers["Set-Cookie"]).values()
        assert not morsel["secure"]

    visit(body, hosts=("desk.example",))


def test_a_session_ends_with_the_logout_and_with_its_time(visit):
    async def body(client):
        cookie = {"Cookie": (await log_in(client)).headers["Set-Cookie"].partition(";")[0]}
        csrf = (await client.get("/api/session")).json()["csrf"]
        assert (await client.post("/logout", headers={**ORIGIN, CSRF_HEADER: csrf})).status_code == 303
        client.cookies.clear()
        assert (await client.get("/api/session", headers=cookie)).status_code == 401
        await log_in(client)
        cookie = {"Cookie": f"pitboss-8808={client.cookies['pitboss-8808']}"}
        client.cookies.clear()
        await trio.sleep(SESSION_LASTS.total_seconds() - 10)
        assert (await client.get("/api/session", headers=cookie)).status_code == 200
        await trio.sleep(20)
        assert (await client.get("/api/session", headers=cookie)).status_code == 401

    visit(body)


def test_names_of_others_are_not_answered_to(visit):
    async def body(client):
        for host in ("evil.example", "127.0.0.1.evil.example", "evil.example:8808", "", "a@127.0.0.1", "127.0.0.1/x"):
            for path in ("/login", "/metrics", "/static/main.js"):
                answer = await client.get(path, headers={**BEARER, "Host": host})
                assert answer.status_code == 421, host
        for host in ("localhost:8808", "LOCALHOST:9999", "[::1]:8808", "desk.example"):
            assert (await client.get("/api/session", headers={**BEARER, "Host": host})).status_code == 200

    visit(body, hosts=("desk.example",))


def test_pages_of_others_may_ask_nothing(visit):
    async def body(client):
        await log_in(client)
        for origin in ("http://evil.example", "null", "http://127.0.0.1:9999", "ftp://127.0.0.1:8808"):
            for headers in ({}, BEARER):
                assert (await client.get("/api/0/state", headers={**headers, "Origin": origin})).status_code == 403
            assert (await client.post("/login", data={"token": TOKEN}, headers={"Origin": origin})).status_code == 403
        assert (await client.get("/api/0/state", headers=ORIGIN)).status_code == 200

    visit(body)


def test_wrong_tokens_are_refused_for_a_while_and_open_sessions_go_on(visit, caplog):
    async def body(client):
        await log_in(client)
        for number in range(MOST):
            if number % 2:
                answer = await client.get("/metrics", headers={"Authorization": "Bearer wrong", "Cookie": ""})
            else:
                answer = await client.post("/login", data={"token": "wrong"}, headers=ORIGIN)
            assert answer.status_code == 401
        for refused in (await client.get("/metrics", headers={**BEARER, "Cookie": ""}), await log_in(client)):
            assert refused.status_code == 429
            assert 0 < int(refused.headers["Retry-After"]) <= WITHIN_SECONDS
        assert (await client.get("/api/session")).status_code == 200
        await trio.sleep(WITHIN_SECONDS + 1)
        assert (await client.get("/metrics", headers={**BEARER, "Cookie": ""})).status_code == 200

    with caplog.at_level(logging.WARNING, "pitboss.web"):
        visit(body)
    assert [record.getMessage() for record in caplog.records] == ["wrong token from 127.0.0.1"] * MOST


def test_the_scraper_s_token_opens_the_metrics_and_nothing_else(visit):
    async def body(client):
        scraper = {"Authorization": f"Bearer {SCRAPER}"}
        assert (await client.get("/metrics", headers=scraper)).status_code == 200
        assert (await client.get("/api/0/state", headers=scraper)).status_code == 401
        assert (await client.post("/login", data={"token": SCRAPER}, headers=ORIGIN)).status_code == 401

    visit(body, metrics_token=SCRAPER)


def test_every_answer_says_what_a_browser_may_do_with_it(visit, log):
    log.trading()

    async def body(client):
        for path in ("/login", "/", "/metrics", "/api/session", "/nothing", "/static/main.js"):
            headers = (await client.get(path, headers=BEARER)).headers
            policy = headers["Content-Security-Policy"]
            assert policy.startswith("default-src 'none'; ")
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
            assert "no-store" in headers["Cache-Control"] or path.startswith(("/static", "/"))
        first = await client.get("/static/main.js", headers=BEARER)
        again = await client.get("/static/main.js", headers={**BEARER, "If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")

    visit(body)


# commands


def command_of(asked):
    def carry_out(command, fields):
        asked.append((command, dict(fields)))
        if fields.get("reason") == "refuse":
            raise CommandFailed("refused: not now")
        return "accepted"

    return carry_out


async def send(client, headers, **fields):
    return await client.post("/api/0/command", json=fields, headers=headers)


def test_commands_are_not_there_unless_enabled(visit):
    async def body(client):
        answer = await send(client, BEARER, command="halt", confirm="HALT")
        assert (answer.status_code, answer.json()) == (403, {"error": "commands are not enabled: see --commands"})

    visit(body)


def test_a_command_is_carried_out_when_its_word_was_typed(visit):
    asked = []

    async def body(client):
        for fields in (
            {"command": "halt", "confirm": "HALT", "reason": "lunch"},
            {"command": "resume", "confirm": "RESUME"},
            {"command": "flatten", "confirm": "FLATTEN"},
            {"command": "flatten", "confirm": "AAPL", "symbol": "AAPL"},
            {"command": "close", "confirm": "BRK B", "symbol": "BRK B"},
        ):
            assert (await send(client, BEARER, **fields)).json() == {"text": "accepted"}
        refused = await send(client, BEARER, command="halt", confirm="HALT", reason="refuse")
        assert (refused.status_code, refused.json()) == (409, {"error": "refused: not now"})

    visit(body, command=command_of(asked))
    assert asked == [
        ("halt", {"reason": "lunch"}),
        ("resume", {}),
        ("flatten", {}),
        ("flatten", {"symbol": "AAPL"}),
        ("close", {"symbol": "BRK B"}),
        ("halt", {"reason": "refuse"}),
    ]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"command": "halt"}, "not confirmed: type HALT"),
        ({"command": "close", "symbol": "AAPL", "confirm": "CLOSE"}, "not confirmed: type AAPL"),
        ({"command": "close", "confirm": "CLOSE"}, "close takes a symbol"),
        ({"command": "buy", "symbol": "AAPL", "confirm": "BUY"}, "expected one of halt, resume, flatten, close"),
        ({"command": "halt", "confirm": "HALT", "symbol": "AAPL"}, "halt takes reason"),
        ({"command": "halt", "confirm": ["HALT"]}, "expected a JSON object with text in it"),
    ],
)
def test_what_is_no_command_does_nothing(visit, fields, said):
    asked = []

    async def body(client):
        answer = await send(client, BEARER, **fields)
        assert (answer.status_code, answer.json()) == (400, {"error": said})

    visit(body, command=command_of(asked))
    assert not asked


def test_a_command_in_another_form_does_nothing(visit):
    asked = []

    async def body(client):
        for content, kind in (
            (b'{"command": "halt", "confirm": "HALT"}', "text/plain"),
            (b'{"command": "halt", "confirm": "HALT"', "application/json"),
            (b'["halt"]', "application/json"),
            (b'{"command": "halt", "confirm": "%s"}' % (b"x" * 5_000), "application/json"),
        ):
            headers = {**BEARER, "Content-Type": kind}
            assert (await client.post("/api/0/command", content=content, headers=headers)).status_code == 400

    visit(body, command=command_of(asked))
    assert not asked


def test_a_cookie_alone_commands_nothing(visit):
    asked = []

    async def body(client):
        await log_in(client)
        csrf = (await client.get("/api/session")).json()["csrf"]
        fields = {"command": "halt", "confirm": "HALT"}
        for headers in ({}, ORIGIN, {CSRF_HEADER: csrf}, {**ORIGIN, CSRF_HEADER: "x" * len(csrf)}):
            assert (await send(client, headers, **fields)).status_code == 403
        assert not asked
        assert (await send(client, {**ORIGIN, CSRF_HEADER: csrf}, **fields)).status_code == 200

    visit(body, command=command_of(asked))
    assert asked == [("halt", {})]


# parts


@pytest.mark.parametrize(
    ("header", "host"),
    [("localhost:80", "localhost"), ("[::1]", "::1"), ("EXAMPLE.com", "example.com"), ("x:y", None), ("", None)],
)
def test_the_name_in_a_host_header(header, host):
    assert host_of(header) == host


def test_origins_count_with_their_port():
    assert same_origin("http://localhost:8808", "localhost:8808")
    assert same_origin("https://Desk.example", "desk.example")
    assert not same_origin("http://localhost:8809", "localhost:8808")
    assert not same_origin("http://localhost:8808.evil.example", "localhost:8808")


def test_what_others_can_reach():
    assert all(map(is_loopback, ("127.0.0.1", "127.8.9.1", "::1", "localhost")))
    assert not any(map(is_loopback, ("0.0.0.0", "::", "192.168.1.5", "desk.example")))


@pytest.mark.parametrize("text", ["//x", "/\\x", "x", "", "/a\nb", "/a\\b", "http://x"])
def test_after_the_login_it_goes_to_a_path_of_ours(text):
    assert local_path(text) == "/"
