"""A real browser, one for all tests of a process."""

from browsing import browser, opened

__all__ = ["browser", "opened"]
