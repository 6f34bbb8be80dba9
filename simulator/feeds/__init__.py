"""Where the paper TWS's ticks come from: synthetic markets, recordings, or a program's hand."""

from simulator.feeds.feed import Deliver, Feed, FeedError, ManualFeed
from simulator.feeds.recorded import RecordedFeed
from simulator.feeds.specification import open_feed
from simulator.feeds.synthetic import SyntheticFeed

__all__ = ["Deliver", "Feed", "FeedError", "ManualFeed", "RecordedFeed", "SyntheticFeed", "open_feed"]
