"""The terminal view that is left open all day."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import ClassVar

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.events import Resize
from textual.widgets import Input, Static

from monitoring.board import Board
from monitoring.follow import Follower
from monitoring.terminal.cells import Cell, clean
from monitoring.terminal.events import events_table, life_table
from monitoring.terminal.grid import STYLES, Grid
from monitoring.terminal.head import alarm_line, head_line, money_line
from monitoring.terminal.help import FOOTER, HELP
from monitoring.terminal.system import alarms_table, signals_table, tree_table
from monitoring.terminal.trading import orders_table, positions_table

__all__ = ["Monitor"]

_EVERY = 0.25  # seconds between two looks
_BYTES = 2_000_000  # of a log at one look, and as long as there is more, at once again
_WIDE = 120  # columns from which on the tree and the signals stand beside the positions
_TALL = 36  # lines from which on there is a free one between two tables

_VIEWS = ("overview", "orders", "tree", "signals", "log", "alarms", "life", "help")
_SHOWN = {  # view → the grids that it shows, first the one that the keys move
    "overview": ("positions", "orders", "log"),
    "orders": ("orders", "positions"),
    "tree": ("tree",),
    "signals": ("signals",),
    "log": ("log",),
    "alarms": ("alarms",),
    "life": ("life",),
    "help": (),
}


class Monitor(App[int]):
    """Shows one log at a time of those that it follows."""

    CSS_PATH = None
    ENABLE_COMMAND_PALETTE = False
    TITLE = "pitboss monitor"
    CSS = """
    Screen { layout: vertical; }
    #head, #money, #alarm, #foot { height: 1; width: 100%; text-wrap: nowrap; text-overflow: ellipsis; }
    #foot { background: $panel; }
    #filter { height: 1; border: none; padding: 0 1; display: none; }
    #main { height: 1fr; }
    #left { width: 1fr; }
    #right { width: 46%; display: none; padding-left: 2; }
    Grid { scrollbar-size-vertical: 1; overflow-x: hidden; background: $background; }
    #positions { height: auto; max-height: 30%; }
    #orders { height: auto; max-height: 40%; margin-top: 0; }
    #log, #life, #alarms { height: 1fr; }
    #tree { height: auto; max-height: 60%; }
    #signals { height: 1fr; }
    #helptext { height: 1fr; padding: 0 1; overflow-y: auto; }
    .roomy #orders, .roomy #log, .roomy #signals { margin-top: 1; }
    .alone #orders, .alone #tree { height: 1fr; max-height: 100%; }
    """
    BINDINGS: ClassVar = [
        *(Binding(str(number), f"view('{name}')", show=False) for number, name in enumerate(_VIEWS[:6], 1)),
        Binding("slash", "filter", show=False),
        Binding("space", "pause", show=False),
        Binding("tab", "next_grid", show=False, priority=True),
        Binding("n", "next_log", show=False),
        Binding("t", "shade", show=False),
        Binding("question_mark,h", "view('help')", show=False),
        Binding("escape", "leave_this", show=False),
        Binding("q,ctrl+c", "leave", show=False, priority=True),
    ]

    def __init__(self, followers: Sequence[Follower], now: Callable[[], datetime], *, every: float = _EVERY) -> None:
        """Follow these logs; the first is shown. `now` is UTC."""
        super().__init__()
        self.followers = followers
        self.shown = 0
        self.view = "overview"
        self.symbol = ""
        self.paused = False
        self.failed = ""
        self._order = ""
        self._now = now
        self._every = every
        self._paused_at = 0
        self._drawn = now()

    @property
    def board(self) -> Board:
        """The picture that is shown."""
        return self.followers[self.shown].board

    def compose(self) -> ComposeResult:
        """Build it once; what a view does not show is hidden."""
        yield Static(id="head")
        yield Static(id="money")
        yield Static(id="alarm")
        with Horizontal(id="main"):
            with Vertical(id="left"):
                yield Grid(id="positions")
                yield Grid(id="orders")
                yield Grid(id="log", tail=True)
                yield Grid(id="life", tail=True)
                yield Grid(id="alarms")
                yield Static(HELP, id="helptext", markup=False)
            with Vertical(id="right"):
                yield Grid(id="tree")
                yield Grid(id="signals")
        yield Input(placeholder="symbol; nothing for all", id="filter", max_length=30, select_on_focus=True)
        yield Static(id="foot")

    def on_mount(self) -> None:
        """Begin to look."""
        self._arrange()
        self.look()
        if self._every:
            self.run_worker(self._follow())

    def on_resize(self, event: Resize) -> None:
        """Arrange for the new width."""
        self._arrange()

    async def _follow(self) -> None:
        """Look again and again, at once while there is more to read. Under load a timer of textual may never fire."""
        while True:
            busy = self.read()
            if not busy or (self._now() - self._drawn).total_seconds() > self._every:
                self.look()
            await asyncio.sleep(0.001 if busy else self._every)

    def step(self) -> None:
        """Read what is new and show it."""
        self.read()
        self.look()

    def read(self) -> bool:
        """Read what is new. Returns whether much was new: then there is more."""
        taken = 0
        for follower in self.followers:
            try:
                taken += follower.step(_BYTES)
            except OSError as error:
                self.failed = f"{follower.name} cannot be read: {error.strerror or error}"
        return taken > 2_000

    def look(self) -> None:
        """Draw what is known now."""
        if not self.query("#foot"):
            return  # the screen is being taken down
        board, symbol = self.board, self.symbol
        self._drawn = self._now()
        self._say("head", head_line(self.followers, self.shown))
        self._say("money", money_line(board) if not self.failed else [(clean(self.failed), "bad")])
        self._say("alarm", alarm_line(board))
        self._say("foot", self._foot())
        if self.paused:
            return
        for name in self._visible():
            grid = self.query_one(f"#{name}", Grid)
            match name:
                case "positions":
                    grid.show(positions_table(board, symbol))
                case "orders":
                    grid.show(orders_table(board, symbol, done=self.view == "orders"))
                case "tree":
                    grid.show(tree_table(board, symbol))
                case "signals":
                    grid.show(signals_table(board, symbol))
                case "alarms":
                    grid.show(alarms_table(board, symbol))
                case "life":
                    grid.show(life_table(board, self._order))
                case _:
                    if grid.at_end:  # who has scrolled back reads in peace
                        grid.show(events_table(board, symbol))

    def _visible(self) -> tuple[str, ...]:
        shown = _SHOWN[self.view]
        return (*shown, "tree", "signals") if self.view == "overview" and self._wide else shown

    @property
    def _wide(self) -> bool:
        return self.size.width >= _WIDE

    def _say(self, name: str, cells: Sequence[Cell]) -> None:
        self.query_one(f"#{name}", Static).update(Text.assemble(*((text, STYLES[style]) for text, style in cells)))

    def _foot(self) -> list[Cell]:
        cells: list[Cell] = []
        if self.paused:
            cells.append((f" PAUSED, {self.board.shown - self._paused_at} new lines ", "cursor"))
        if self.symbol:
            cells.append((f" only {clean(self.symbol)} ", "cursor"))
        if self.view == "life":
            return [
                *cells,
                (f" life of {clean(self._order)} ", "cursor"),
                ("  Esc back  space pause  ? help  q quit", ""),
            ]
        if "log" in self._visible() and not self.query_one("#log", Grid).at_end:
            cells.append((" scrolled back: End follows again ", "cursor"))
        return [*cells, (f" {FOOTER}", "")]

    def _arrange(self) -> None:
        shown = self._visible()
        for grid in self.query(Grid):
            grid.display = grid.id in shown
        self.query_one("#helptext").display = self.view == "help"
        beside = any(name in shown for name in ("tree", "signals"))
        self.query_one("#right").display = beside
        left = any(name not in ("tree", "signals") for name in shown) or self.view == "help"
        self.query_one("#left").display = left
        self.query_one("#right").styles.width = "46%" if left else "100%"
        self.query_one("#right").styles.padding = (0, 0, 0, 2 if left else 0)
        self.set_class(self.view != "overview", "alone")
        self.set_class(self.size.height >= _TALL and self.view == "overview", "roomy")
        first = _SHOWN[self.view][:1]
        if first and (self.focused is None or not self.focused.display or self.focused.id not in shown):
            self.query_one(f"#{first[0]}", Grid).focus()
        self.look()

    # keys

    def action_view(self, name: str) -> None:
        """Show another view; the same again leads back."""
        self.view = "overview" if name == self.view else name
        self.set_focus(None)
        self._arrange()

    def action_leave_this(self) -> None:
        """Out of what one is in: the filter's line, a life, a filter, a view, a pause."""
        entry = self.query_one("#filter", Input)
        if entry.display:
            entry.display = False
            self._arrange()
        elif self.view != "overview":
            self.action_view("overview")
        elif self.symbol:
            self.symbol = ""
        elif self.paused:
            self.paused = False
        self.look()

    def action_filter(self) -> None:
        """Ask for a symbol."""
        entry = self.query_one("#filter", Input)
        entry.value, entry.display = self.symbol, True
        entry.focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Show that symbol only."""
        self.symbol = event.value.strip()
        known = {one["symbol"].upper(): one["symbol"] for one in self.board.positions.positions.values()}
        self.symbol = known.get(self.symbol.upper(), self.symbol.upper())
        event.input.display = False
        self.set_focus(None)
        self._arrange()

    def action_pause(self) -> None:
        """Hold the picture still; the log is read all the same."""
        self.paused, self._paused_at = not self.paused, self.board.shown
        self.look()

    def action_next_grid(self) -> None:
        """The keys move the next table."""
        shown = [name for name in self._visible() if name]
        if not shown:
            return
        here = self.focused.id if self.focused is not None else None
        place = shown.index(here) + 1 if here in shown else 0
        self.query_one(f"#{shown[place % len(shown)]}", Grid).focus()

    def action_next_log(self) -> None:
        """Show the next process's log."""
        self.shown = (self.shown + 1) % len(self.followers)
        self.paused = False
        for grid in self.query(Grid):
            grid.follow()
        self.look()

    def action_shade(self) -> None:
        """Light or dark."""
        self.theme = "textual-light" if self.current_theme.dark else "textual-dark"

    def action_leave(self) -> None:
        """End."""
        self.exit(0)

    def on_grid_chosen(self, event: Grid.Chosen) -> None:
        """Enter: the life of an order, or everything of a position's symbol."""
        if event.grid.id == "orders":
            self._order = event.key
            self.query_one("#life", Grid).follow()
            self.action_view("life")
        elif event.grid.id == "positions":
            self.symbol = "" if self.symbol == event.key else event.key
            self.look()
