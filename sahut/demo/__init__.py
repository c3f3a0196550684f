"""The demonstration: a week of the invented Kota Tirtamas, as posts in a file and as a newspaper's feed on loopback."""

from sahut.demo.feed import FEED_PATH, HOST, DemoFeed
from sahut.demo.loader import FEED_NAME, POSTS_NAME, POSTS_PATH, load

__all__ = ["FEED_NAME", "FEED_PATH", "HOST", "POSTS_NAME", "POSTS_PATH", "DemoFeed", "load"]
