"""What the keys do."""

from __future__ import annotations

__all__ = ["FOOTER", "HELP"]

FOOTER = "1 all 2 orders 3 tree 4 signals 5 log 6 alarms / find space pause ? help q quit"

HELP = """\
Made from the log alone: it cannot slow or stop the process, and shows the log
of another machine, or of a process that has died, as well.

1  overview: from 120 columns on with tree and signals
2  all orders of the day            3  actors, restarts, mailboxes
4  signals and what became of them  5  the newest 5,000 lines of the log
6  the alarms that stand            ?  this page

arrows, PgUp, PgDn, Home, End       move in a table; Tab: in the next one
Enter on an order                   its life, line by line; Esc leads back
Enter on a position, or /           this symbol only; Esc ends it
Space                               hold the picture; the log is still read
End in the log                      follow the newest line again
n  next log, of several             t  light or dark      q  quit

away     from the price to the stop or target, in % of the price
NO STOP  shares are held, and the broker has confirmed no stop
SILENT   no pulse (every 5 s) comes: the process, or the way here, is dead
Times are UTC. NO_COLOR=1 switches colours off: the words say it all."""
