"""A slow server: answers that are held back until the reader has done something else."""

from __future__ import annotations

import re
from contextlib import suppress

from playwright.sync_api import Error, Page, Route


class Held:
    """Requests to addresses that match, kept waiting from here on."""

    def __init__(self, page: Page, pattern: str) -> None:
        self.page, self.pattern = page, re.compile(pattern)
        self.routes: list[Route] = []
        page.route(self.pattern, self._hold)

    def _hold(self, route: Route) -> None:
        self.routes.append(route)

    def wait(self, count: int = 1) -> None:
        """Until so many have been asked."""
        while len(self.routes) < count:
            self.page.wait_for_timeout(20)

    def release(self) -> None:
        """Let all of them be answered."""
        self.page.unroute(self.pattern)
        for route in self.routes:
            with suppress(Error):  # the page has given that request up
                route.continue_()
