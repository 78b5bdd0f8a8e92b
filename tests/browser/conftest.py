"""A browser and servers for the tests of this folder, and a watch on all that the browser complains about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    WebError,
    expect,
    sync_playwright,
)

from indexer.collection import Collection
from indexer.encoder import CompiledEncoder
from tests.api.mailbox import Mailbox, serving_mail
from tests.browser.chromium import FLAGS, executable
from tests.browser.sites import Site, serving, toy_collection

PATIENCE = 10_000
"""Milliseconds that a condition may take to come true on a busy machine; nothing waits longer than it must."""


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One for the folder. It ends with the folder, since its event loop would stand in the way of other tests'."""
    path = executable()
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def shipped(browser: Browser, real_collection: Collection, real_encoder: CompiledEncoder) -> Iterator[Site]:
    """The shipped papers and the real model."""
    del browser  # first: without one nothing is served
    with serving(real_collection, real_encoder) as site:
        yield site


@pytest.fixture(scope="package")
def toys(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Toy papers, among them hostile ones and formulas. Shared: tests must not change them."""
    del browser
    with serving(*toy_collection(tmp_path_factory.mktemp("toys"))) as site:
        yield site


@pytest.fixture
def mailing(browser: Browser, collection: Collection, encoder: Any) -> Iterator[Site]:
    """A server that can send mail."""
    del browser
    mailbox = Mailbox()
    with serving_mail(mailbox) as settings, serving(collection, encoder, settings) as site:
        yield replace(site, mailbox=mailbox)


@dataclass
class Visitor:
    """Opens pages, each context as new as a browser just installed, and remembers what the browser complained about.

    `expected` are addresses that are to be answered with an error, which the console tells as well.
    """

    browser: Browser
    contexts: list[BrowserContext] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    expected: set[str] = field(default_factory=set)

    def context(self, site: Site, **options: Any) -> BrowserContext:
        """A browser without a past, which is to ask `site` alone."""
        context = self.browser.new_context(
            **{"base_url": site.origin, "viewport": {"width": 1440, "height": 900}, "locale": "en-GB", **options}
        )
        context.set_default_timeout(PATIENCE)
        context.on("console", self._on_console)
        context.on("weberror", self._on_error)
        context.on("request", lambda request: self._on_request(site, request))
        self.contexts.append(context)
        return context

    def open(self, site: Site, path: str = "/", *, status: int = 200, **options: Any) -> Page:
        """A page, answered with `status`, in a context of its own."""
        page = self.context(site, **options).new_page()
        self.go(page, path, status)
        return page

    def go(self, page: Page, path: str, status: int = 200) -> None:
        """Turn to another page."""
        if status >= 400:
            self.expected.add(path)
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == status, answer.text()

    def _on_console(self, message: ConsoleMessage) -> None:
        refused = message.text.startswith("Failed to load resource: the server responded with a status of ")
        if refused and any(message.location["url"].endswith(path) for path in self.expected):
            return
        if "GL Driver Message" in message.text:  # the driver about its own speed, when a picture is taken
            return
        if message.type in {"error", "warning"}:
            self.faults.append(f"{message.type}: {message.text} ({message.location})")

    def _on_error(self, error: WebError) -> None:
        self.faults.append(f"thrown: {error.error}")

    def _on_request(self, site: Site, request: Request) -> None:
        if not request.url.startswith((f"{site.origin}/", f"blob:{site.origin}/", "data:")):
            self.faults.append(f"asked another host: {request.url}")


@pytest.fixture
def visitor(browser: Browser) -> Iterator[Visitor]:
    """Fails the test if the browser complained: an error, a broken policy, a request to another host."""
    visitor = Visitor(browser)
    yield visitor
    for context in visitor.contexts:
        context.close()
    assert visitor.faults == []
