"""`pitboss web` in a real browser: what people see, on a desk and on a phone."""

from __future__ import annotations

import signal
import socket
import urllib.request
from decimal import Decimal
from urllib.parse import quote

import pytest

from config.runbook import entry_of

MOST_STREAMS = 64
TOKEN = "a-token-that-nobody-guesses"
HOSTILE = "<img src=x onerror=\"document.title='pwned'\">"
DESK, PHONE = (1280, 800), (390, 844)


def text_of(page, selector="main"):
    return page.locator(selector).inner_text()


def wait_for(page, text, selector="main"):
    page.locator(selector).get_by_text(text).locator("visible=true").first.wait_for()


PAGES = {
    "/": ("P&L after commission", "+97.25", "AAPL", "✓ protected", "entry BUY 100 AAPL filled", "gross exposure"),
    "/symbol/AAPL": ("price 150.60", "stop 145.60", "162.11", "pb-s", "ACCEPTED"),
    "/orders": ("pb-t", "ACCEPTED", "FILLED", "150.10"),
    "/signals": ("open", "0.90", "AAPL"),
    "/tree": ("position/AAPL", "● running", "3 waiting"),
    "/alarms": ("No alarm stands.",),
    "/log": ("ready: in agreement with the broker",),
    "/order/pb-e": ("The journal is not known here",),
    "/report": ("The journal is not known here",),
}


@pytest.mark.parametrize(("width", "height"), [DESK, PHONE], ids=["desk", "phone"])
def test_each_page_loads_with_data_and_fits(site, shown, visitor, width, height):
    log, place = shown
    log.trading()
    page = visitor(site.base, width, height)
    for path, expected in PAGES.items():
        page.goto(path + place)
        for text in expected:
            wait_for(page, text)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        page.locator("#state", has_text="READY").wait_for()
        assert page.title().endswith("Pitboss")
    page.goto("/symbol/AAPL" + place)
    wait_for(page, "price 150.60")
    assert page.locator("path.series.price").get_attribute("d").startswith("M")
    assert page.locator("path.fill.buy").count() == 1


def test_what_is_logged_is_shown_at_once(site, shown, visitor):
    log, place = shown
    log.trading()
    page = visitor(site.base)
    page.goto("/" + place)
    wait_for(page, "AAPL")
    page.evaluate("window.same = true")
    log.mark(152.35)
    wait_for(page, "152.35")
    log.write("alarm.raised", id="a1", kind="protection.missing", symbol="AAPL", text="held without exits")
    log.write("system.halted", reason="by hand")
    wait_for(page, "protection.missing")
    wait_for(page, "HALTED: by hand")
    page.locator("#state", has_text="HALTED").wait_for()
    page.locator("#nav .count", has_text="1").wait_for()
    page.goto("/alarms" + place)
    wait_for(page, "held without exits")
    wait_for(page, entry_of("protection.missing").title)
    assert page.locator(".standing ol li").count() == len(entry_of("protection.missing").do)
    page.goto("/" + place)
    wait_for(page, "protection.missing")
    page.evaluate("window.same = true")
    log.write("alarm.cleared", id="a1", kind="protection.missing", symbol="AAPL")
    page.locator("#nav .count").wait_for(state="hidden")
    assert page.evaluate("window.same")
    page.goto("/symbol/AAPL" + place)
    wait_for(page, "price 152.35")
    page.evaluate("window.same = true")
    log.mark(153.25)
    wait_for(page, "price 153.25")
    assert page.evaluate("window.same")


def test_a_process_that_has_stopped_is_shown_as_such(site, shown, visitor):
    log, place = shown
    log.trading()
    page = visitor(site.base)
    page.goto("/" + place)
    page.locator("#state", has_text="READY").wait_for()
    log.write("system.stopping", reason="evening")
    log.write("system.stopped")
    wait_for(page, "The process has stopped, at 2026-11-20", "#banner")
    page.locator("#state", has_text="STOPPED").wait_for()


def test_nobody_sees_anything_without_the_token(site, shown, visitor):
    log, place = shown
    log.trading()
    page = visitor(site.base, login=False)
    page.goto("/symbol/AAPL" + place)
    assert page.url == f"{site.base}/login?next=/symbol/AAPL{quote(place)}"
    assert "AAPL" not in text_of(page, "body")
    page.get_by_label("Token").fill("wrong")
    page.get_by_label("Token").press("Enter")
    page.get_by_role("alert").get_by_text("That is not the token.").wait_for()
    assert page.request.get("/api/0/state").status == 401
    page.get_by_label("Token").fill(TOKEN)
    page.get_by_label("Token").press("Enter")
    page.wait_for_url(f"{site.base}/symbol/AAPL{place}")
    wait_for(page, "price 150.60")
    assert page.evaluate("document.cookie") == ""
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url(f"{site.base}/login")
    page.goto("/")
    assert page.url == f"{site.base}/login"


def test_text_from_outside_is_shown_as_text(site, shown, visitor):
    log, place = shown
    log.trading(HOSTILE)
    log.write("broker.notice", actor="gateway", code=399, text=f"{HOSTILE}<script>document.title='pwned'</script>")
    log.write("alarm.raised", id=HOSTILE, kind=HOSTILE, symbol=HOSTILE, text=HOSTILE, order_ref=HOSTILE)
    order = dict.fromkeys(("status", "role", "side", "type", "reason"), HOSTILE)
    log.order("order.rejected", HOSTILE, HOSTILE, **order)
    log.write("signal.received", symbol=HOSTILE, signal_id=HOSTILE, signal=HOSTILE, confidence=HOSTILE, source=HOSTILE)
    log.write("actor.crashed", actor=HOSTILE, message=HOSTILE, error=HOSTILE, traceback=HOSTILE, level="ERROR")
    log.pulse(exposure=[{"limit": HOSTILE, "used": HOSTILE, "maximum": HOSTILE}], since=HOSTILE)
    with log.path.open("ab") as file:
        file.write(b"\x00\xff not a line <script>\n")
    page = visitor(site.base)
    for path in ("/orders", "/signals", "/tree", "/alarms", "/log", "/"):
        page.goto(path + place)
        wait_for(page, HOSTILE)
    page.locator("main").get_by_role("link", name=HOSTILE).first.click()
    wait_for(page, "price 150.60")
    assert page.locator("h1").inner_text() == HOSTILE
    assert page.title() == f"{HOSTILE} · Pitboss"
    for element in ("img[src='x']", "main script", "[onerror]"):
        assert page.locator(element).count() == 0


def test_light_and_dark_are_the_system_s_until_somebody_chooses(site, shown, visitor):
    log, place = shown
    log.trading()

    def brightness(page):
        red, green, blue = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)")
        return (red + green + blue) / 3

    page = visitor(site.base, scheme="dark")
    page.goto("/" + place)
    wait_for(page, "AAPL")
    assert brightness(page) < 60
    page.get_by_role("button", name="Theme: auto").click()
    assert brightness(page) > 200
    page.reload()
    page.get_by_role("button", name="Theme: light").wait_for()
    assert brightness(page) > 200
    light = visitor(site.base, scheme="light")
    light.goto("/tree" + place)
    assert brightness(light) > 200


def test_without_the_flag_there_are_no_commands(site, shown, visitor):
    log, place = shown
    log.trading()
    page = visitor(site.base)
    page.goto("/symbol/AAPL" + place)
    wait_for(page, "price 150.60")
    assert page.get_by_role("button", name="Close AAPL").count() == 0
    page.goto("/" + place)
    wait_for(page, "AAPL")
    assert page.get_by_role("button", name="Halt").count() == 0


def test_several_processes_are_chosen_between(site, shown, visitor):
    log, place = shown
    log.trading("MSFT")
    page = visitor(site.base)
    page.goto("/")
    page.get_by_label("Process").select_option(place.removeprefix("?p="))
    wait_for(page, "MSFT")
    page.locator("main").get_by_role("link", name="MSFT").first.click()
    wait_for(page, "price 150.60")
    assert page.url == f"{site.base}/symbol/MSFT{place}"


def test_the_log_is_filtered_paused_and_opened(site, shown, visitor):
    log, place = shown
    log.trading()
    page = visitor(site.base)
    page.goto("/log" + place)
    wait_for(page, "system.ready")
    page.get_by_label("Filter").fill("pb-t accepted")
    page.wait_for_function("document.querySelectorAll('.lines > li').length === 1")
    page.locator(".lines summary").click()
    wait_for(page, "position_id")
    page.get_by_label("Filter").fill("")
    page.get_by_role("button", name="Pause").click()
    log.write("system.halted", reason="unseen")
    wait_for(page, "more has come")
    assert "unseen" not in text_of(page)
    page.get_by_role("button", name="Go on").click()
    wait_for(page, "unseen")


def test_pages_that_were_left_take_up_no_streams(site):
    place = site.base.removeprefix("http://")
    host, port = place.split(":")
    asked = f"GET /api/0/stream HTTP/1.1\r\nHost: {place}\r\nAuthorization: Bearer {TOKEN}\r\n\r\n"
    for _ in range(2 * MOST_STREAMS):
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(asked.encode())
            assert connection.recv(64).startswith(b"HTTP/1.1 200")


# against a real process


@pytest.fixture
def desk(start, paper_tws, status, until, verb, serve, tmp_path):
    """A process with a position in AAPL, and `pitboss web --commands` in front of it."""
    state = tmp_path / "state"
    port = paper_tws("--feed", "synthetic:AAPL,MSFT@20")
    config = tmp_path / "pitboss.toml"
    config.write_text(
        f'[process]\nstate_dir = "{state}"\nname = "desk"\n[broker]\nport = {port}\n[log]\npulse_seconds = 1\n'
        "[risk]\nmax_gross_exposure = 100000\n[symbols.AAPL]\n[symbols.MSFT]\n"
    )
    process = start("run", "--config", str(config))
    until(lambda: status(state).get("state") == "READY", f"READY\n{process.errors}")
    until(lambda: verb("buy", "AAPL", "100", "--state-dir", str(state)).returncode == 0, "a buy")

    def position():
        held = [one for one in status(state)["positions"] if one["symbol"] == "AAPL" and one["protected"]]
        return held and Decimal(held[0]["quantity"]) == 100

    until(position, "a protected position")
    base, _ = serve("--config", str(config), "--commands")
    return base, state, process


def confirm(page, button, word, wrong):
    page.get_by_role("button", name=button, exact=True).click()
    dialog = page.get_by_role("dialog")
    send = dialog.get_by_role("button", name=button, exact=True)
    dialog.get_by_label("confirm").fill(wrong)
    assert send.is_disabled()
    dialog.get_by_label("confirm").fill(word)
    send.click()
    dialog.get_by_role("button", name="Done").wait_for()
    answer = dialog.get_by_role("status").inner_text()
    dialog.get_by_role("button", name="Done").click()
    return answer


def test_commands_ask_and_work(desk, visitor, status, until):
    base, state, process = desk
    page = visitor(base)
    page.locator("main").get_by_role("link", name="AAPL").first.click()
    wait_for(page, "✓ yes")
    page.locator("path.fill.buy").wait_for(state="attached")

    # nothing happens when it is called off
    page.get_by_role("button", name="Close AAPL").click()
    page.get_by_role("button", name="Cancel").click()
    assert confirm(page, "Close AAPL", "AAPL", "aapl")
    until(lambda: all(Decimal(one["quantity"]) == 0 for one in status(state)["positions"]), "closed")
    wait_for(page, "closed")
    page.locator("path.fill.sell").wait_for(state="attached")

    # the life of the entry, from the journal
    page.get_by_role("link", name="pb-").last.click()
    wait_for(page, "given to the socket as order id")
    wait_for(page, "→ FILLED")
    page.get_by_text("record").first.click()
    wait_for(page, '"stream": "AAPL"')

    page.goto("/")
    confirm(page, "Halt", "HALT", "halt")
    page.locator("#state", has_text="HALTED").wait_for()
    assert status(state)["state"] == "HALTED"
    confirm(page, "Resume", "RESUME", "REARM")
    page.locator("#state", has_text="READY").wait_for()
    confirm(page, "Flatten everything", "FLATTEN", "AAPL")
    until(lambda: status(state)["portfolio"]["breaker"]["state"] == "LATCHED", "latched")
    assert "`pitboss rearm --reason …`" in confirm(page, "Resume", "RESUME", "x")

    # the same process as Prometheus sees it, and the report of its day
    request = urllib.request.Request(f"{base}/metrics", headers={"Authorization": f"Bearer {TOKEN}"})

    def scraped():
        return urllib.request.urlopen(request).read().decode()

    until(lambda: 'pitboss_breaker_state{process="desk",state="LATCHED"} 1.0' in scraped(), "LATCHED")
    metrics = scraped()
    for line in (
        'pitboss_fills_total{process="desk",role="entry"} 1.0',
        'pitboss_order_latency_seconds_count{process="desk"}',
        'pitboss_journal_fsync_seconds_bucket{le="0.5",process="desk"}',
        'pitboss_limit_maximum{limit="gross exposure",process="desk"} 100000.0',
    ):
        assert line in metrics
    page.goto("/report")
    page.frame_locator("iframe.report").get_by_text("AAPL").first.wait_for()

    # what ran is gone
    assert process.end(signal.SIGTERM) == 0
    page.goto("/")
    wait_for(page, "The process has stopped", "#banner")
    assert f"no Pitboss runs in the state folder {state}" in confirm(page, "Halt", "HALT", "x")
