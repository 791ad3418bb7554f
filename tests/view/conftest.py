"""A real browser, one for all tests of a file: a second Playwright can't start beside it."""

from browsing import browser, opened

__all__ = ["browser", "opened"]
