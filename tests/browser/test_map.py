"""The page of the map: what it draws, and what is done with mouse, fingers and keyboard."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import numpy as np
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from search.area import Area
from tests.api.mapped import HOSTILE, PLACED, papers_on_a_map
from tests.browser.atlas import ACCENT, NOWHERE, WHITE, colours, drag, ready, spot, spot_of
from tests.browser.conftest import Visitor
from tests.browser.looking import LOOKS, look, shot, sideways, violations
from tests.browser.sites import Site, serving

WINDOW: dict[str, Any] = {"viewport": {"width": 1000, "height": 800}}
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
AROUND_NORTH = ((14_000, 8_000), (29_000, 7_000), (30_000, 18_000), (15_000, 19_000))
LEXICAL = "/map?q=graph&mode=lexical"


@pytest.fixture(scope="module")
def mapped(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Papers at places that are known."""
    del browser
    collection, encoder, _ = papers_on_a_map(tmp_path_factory.mktemp("map") / "collection")
    with serving(collection, encoder) as site:
        yield site


@pytest.fixture
def page(visitor: Visitor, mapped: Site) -> Page:
    """The map in a window of usual shape."""
    return ready(visitor.open(mapped, "/map", **WINDOW))


@pytest.fixture
def asked(visitor: Visitor, mapped: Site) -> Page:
    """The map with an answer, which is on it."""
    page = ready(visitor.open(mapped, LEXICAL, **WINDOW))
    expect(page.locator(".found li")).to_have_count(3)
    return page


def map_of(site: Site) -> str:
    """The id of the map."""
    return str(httpx2.get(f"{site.origin}/v1/map").json()["map"])


def ids_on(page: Page) -> set[str]:
    links = page.locator("article.card h2 a").all()
    return {str(link.get_attribute("href")).removeprefix("/papers/") for link in links}


def test_papers_are_drawn(page: Page) -> None:
    """Where a paper lies is its cluster's colour, and that of another cluster is another; elsewhere is the ground,
    which follows the scheme that the reader prefers, also when that changes."""
    empty = spot(page, *NOWHERE)
    speech, graph, ground = colours(page, spot_of(page, "north"), spot_of(page, "south"), empty)
    assert len({speech, graph, ground}) == 3
    assert ground == WHITE
    page.emulate_media(color_scheme="dark")
    assert max(colours(page, empty)[0]) < 0x40


def test_the_mouse_shows_the_paper_under_it(page: Page) -> None:
    """Title, authors and date of the nearest paper within twelve pixels, and nothing where there is none. A title that
    looks like markup is shown as it is written, and nothing in it runs. A click opens the paper."""
    x, y = spot_of(page, "north")
    page.mouse.move(x - 6, y - 6)
    card = page.locator(".about")
    expect(card.locator("a")).to_have_text("speech graph")
    expect(card.locator("a")).to_have_attribute("href", "/papers/north")
    expect(card.locator("li")).to_have_text(["Ada Lovelace, Grace Hopper", "1 May 2024"])
    expect(card.locator(".of")).to_have_text("speech, face")
    page.mouse.move(x, y + 100)
    expect(card).to_be_hidden()
    page.mouse.move(*spot_of(page, "hostile"))
    expect(card.locator("a")).to_have_text(HOSTILE)
    assert page.locator("main img, main b").count() == 0
    assert page.title() == "Map – Paperkin"
    page.mouse.move(*spot_of(page, "middle"))
    expect(card.locator("a")).to_have_text("emotion")
    page.mouse.click(*spot_of(page, "middle"))
    page.wait_for_url("**/papers/middle")


def test_a_click_before_the_title_has_come(visitor: Visitor, mapped: Site) -> None:
    """It opens the paper as soon as the server has said which it is."""
    page = visitor.context(mapped, **WINDOW).new_page()
    held: list[Route] = []
    page.route("**/v1/map/papers?*", lambda route, _request: held.append(route))
    visitor.go(page, "/map")
    ready(page)
    page.mouse.click(*spot_of(page, "middle"))
    expect(page.locator(".about a")).to_have_text("…")
    for route in held:
        route.continue_()
    page.wait_for_url("**/papers/middle")


def test_fingers(visitor: Visitor, mapped: Site) -> None:
    """A finger does not open a paper at once: it shows the card, whose title is the link. Two that move apart to twice
    their distance show everything twice as large, around where they are. What is said is for fingers, too."""
    page = ready(visitor.open(mapped, "/map", **PHONE))
    expect(page.locator("#map-use")).not_to_contain_text("Shift", use_inner_text=True)
    expect(page.locator("#map-use .fingers")).to_be_visible()
    page.locator(".stage").scroll_into_view_if_needed()
    x, y = spot_of(page, "middle")
    page.touchscreen.tap(x, y)
    link = page.locator(".about a")
    expect(link).to_have_text("emotion")
    page.touchscreen.tap(*spot(page, *NOWHERE))
    expect(link).to_be_hidden()
    fingers = page.context.new_cdp_session(page)
    for kind, apart in (("touchStart", 40), ("touchMove", 50), ("touchMove", 80), ("touchEnd", None)):
        points = [] if apart is None else [{"x": x - apart, "y": y, "id": 1}, {"x": x + apart, "y": y, "id": 2}]
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    south = spot_of(page, "south")
    page.touchscreen.tap(2 * south[0] - x, 2 * south[1] - y)
    expect(link).to_have_text("graph")
    link.tap()
    page.wait_for_url("**/papers/south")


def test_the_answer_is_lit_up(page: Page, visitor: Visitor, mapped: Site) -> None:
    """What a question finds is marked in the accent colour and listed as the search ranks it; others are dimmed. Over
    an entry its paper's card is shown at its place; over a lit paper its entry is marked."""
    (undimmed,) = colours(page, spot_of(page, "corner"))
    visitor.go(page, LEXICAL)
    ready(page)
    found = httpx2.get(f"{mapped.origin}/v1/search", params={"q": "graph", "mode": "lexical"}).json()["hits"]
    expect(page.locator(".found li a")).to_have_text([hit["paper"]["title"] for hit in found])
    ids = [hit["paper"]["id"] for hit in found]
    assert set(ids) == {"north", "south", "south-2"}
    *lit, other, dimmed = colours(page, *(spot_of(page, each) for each in (*ids, "north-2", "corner")))
    assert lit == [ACCENT] * 3
    assert other != ACCENT
    assert dimmed not in (undimmed, WHITE)
    expect(page.locator(".found")).not_to_contain_text("match")
    expect(page.get_by_role("link", name="Open as list")).to_have_attribute("href", "/search?q=graph&mode=lexical")
    page.locator(".found li", has_text="speech graph").hover()
    expect(page.locator(".about a")).to_have_text("speech graph")
    page.mouse.move(*spot_of(page, "south"))
    expect(page.locator(".found li.here a")).to_have_text("graph")


def test_a_question_that_finds_nothing_says_so(visitor: Visitor, mapped: Site) -> None:
    """No paper is lit up, and the page says it."""
    page = visitor.open(mapped, "/map?q=zebra&mode=lexical", **WINDOW)
    expect(page.locator(".found [role=status]")).to_have_text("No paper on the map answers this.")


def test_an_area_becomes_a_filter(page: Page, mapped: Site) -> None:
    """The papers that are counted within an area are those that a search there finds, and the server agrees on them."""
    page.get_by_role("button", name="Draw around papers").click()
    drag(page, *AROUND_NORTH)
    expect(page.locator(".around span")).to_have_text("2 papers in this area")
    link = page.get_by_role("link", name="Search here")
    area = Area.parse(parse_qs(urlsplit(str(link.get_attribute("href"))).query)["area"][0])
    assert area.map_id == map_of(mapped)
    places = np.array([(x, y) for _, x, y, _ in PLACED], np.uint16)
    assert area.has(places).tolist() == [True, True, *[False] * 6]
    link.click()
    page.wait_for_url("**/search?area=*")
    assert ids_on(page) == {"north", "north-2"}


def test_an_area_restricts_the_question(asked: Page) -> None:
    """With a question, it is kept, and only what lies within is lit up and found."""
    asked.keyboard.down("Shift")
    drag(asked, *AROUND_NORTH)
    asked.keyboard.up("Shift")
    expect(asked.locator(".found li a")).to_have_text(["speech graph"])
    asked.get_by_role("link", name="Search here").click()
    asked.wait_for_url("**/search?q=graph&mode=lexical&area=*")
    assert ids_on(asked) == {"north"}
    asked.go_back()
    expect(asked.locator(".around span")).to_have_text("2 papers in this area")
    asked.get_by_role("button", name="Clear").click()
    expect(asked.locator(".found li")).to_have_count(3)
    assert "area" not in asked.url


def test_an_area_without_dragging(page: Page) -> None:
    """Corners can be clicked one after the other; with the keyboard, what is seen can be taken."""
    page.get_by_role("button", name="Draw around papers").click()
    for place in (*AROUND_NORTH, AROUND_NORTH[0]):
        page.mouse.click(*spot(page, *place))
        page.wait_for_timeout(30)
    expect(page.locator(".around span")).to_have_text("2 papers in this area")
    page.get_by_role("button", name="Clear").press("Enter")
    page.get_by_role("button", name="Draw around papers").press("Enter")
    page.get_by_role("button", name="Take what is seen").press("Enter")
    expect(page.locator(".around span")).to_have_text("8 papers in this area")


def test_an_area_in_the_address_is_drawn(visitor: Visitor, mapped: Site) -> None:
    """An area of this map is taken up; one of another map is told of."""
    corners = "-".join(f"{x}.{y}" for x, y in AROUND_NORTH)
    page = ready(visitor.open(mapped, f"/map?area={map_of(mapped)}:{corners}", **WINDOW))
    expect(page.locator(".around span")).to_have_text("2 papers in this area")
    visitor.go(page, f"/map?area=abc:{corners}")
    expect(page.locator(".notice span")).to_have_text(
        "The area in this address was drawn on another map. Draw it again."
    )
    assert "area" not in page.url


def test_the_keyboard_alone(page: Page) -> None:
    """Arrows and signs move the map under its middle, whose paper is read out and opened; Escape puts it away. Tab
    leads into the map, over its buttons and out of it again."""
    page.locator(".over").focus()
    names = []
    for _ in range(5):
        page.keyboard.press("Tab")
        names.append(
            page.evaluate("document.activeElement.name || document.activeElement.closest('.topics')?.className")
        )
    assert names == ["larger", "smaller", "whole", "lasso", "topics"]
    page.locator(".over").focus()
    page.keyboard.press("+")
    expect(page.locator(".about a")).to_have_text("emotion")
    expect(page.locator(".said")).to_have_text("emotion. Emmy Noether")
    page.keyboard.press("Escape")
    expect(page.locator(".about")).to_be_hidden()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".said")).to_have_text("No paper in the middle.")
    page.keyboard.press("0")
    expect(page.locator(".about a")).to_have_text("emotion")
    page.keyboard.press("Enter")
    page.wait_for_url("**/papers/middle")


def test_the_map_is_moved_by_mouse(page: Page) -> None:
    """A paper goes with the hand that moves it. Forwards the wheel comes nearer to what is under the mouse; backwards,
    once all is seen, the page scrolls on."""
    page.get_by_role("button", name="Zoom in").click()
    x, y = spot_of(page, "middle")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y + 40, steps=4)
    page.mouse.up()
    page.mouse.move(x + 61, y + 40)
    expect(page.locator(".about a")).to_have_text("emotion")
    page.get_by_role("button", name="The whole map").click()
    page.set_viewport_size({"width": 1000, "height": 500})
    x, y = spot_of(page, "middle")
    page.mouse.move(x, y)
    page.mouse.wheel(0, -300)
    assert colours(page, (x, y)) != [WHITE]  # still under the mouse
    assert page.evaluate("scrollY") == 0
    for _ in range(6):
        page.mouse.wheel(0, 300)
    page.wait_for_function("() => scrollY > 0")


def test_a_reload_keeps_the_place(page: Page) -> None:
    """Loaded again, or come back to, the map is where it was left, and an area drawn meanwhile does not change that."""
    page.get_by_role("button", name="Zoom in").click()
    page.get_by_role("button", name="Zoom in").click()
    page.mouse.move(*spot_of(page, "middle"))
    page.mouse.down()
    page.mouse.move(spot_of(page, "middle")[0] + 80, spot_of(page, "middle")[1] - 50, steps=4)
    page.mouse.up()
    page.wait_for_function("() => history.state?.seen.place[1] < 32767")
    page.reload()
    ready(page)
    x, y = spot_of(page, "middle")
    page.mouse.move(x + 80, y - 50)
    expect(page.locator(".about a")).to_have_text("emotion")
    assert page.evaluate("history.state.seen.place[0]") == pytest.approx(1.6**2)


def test_nothing_jumps(visitor: Visitor, mapped: Site) -> None:
    """The place of everything is kept from the first frame on, whatever arrives later."""
    page = visitor.context(mapped, **WINDOW).new_page()
    page.add_init_script(
        "window.shifts = []; new PerformanceObserver((list) => shifts.push(...list.getEntries().map((e) => e.value)))"
        ".observe({ type: 'layout-shift', buffered: true });"
    )
    visitor.go(page, LEXICAL)
    ready(page)
    expect(page.locator(".found li")).to_have_count(3)
    assert page.evaluate("shifts") == []
    heights = page.evaluate("['.stage', '.found'].map((each) => document.querySelector(each).offsetHeight)")
    assert heights[0] == heights[1]


def test_no_point_lies_below_the_buttons(visitor: Visitor, mapped: Site) -> None:
    """On a phone, too, the paper in the corner is to the left of them."""
    page = ready(visitor.open(mapped, "/map", **PHONE))
    tools = page.locator(".tools").bounding_box()
    assert tools is not None
    x, y = spot_of(page, "corner-2")
    assert x + 4 < tools["x"]
    assert colours(page, (x, y)) != [WHITE]


def test_the_map_is_as_high_as_it_needs(visitor: Visitor, mapped: Site) -> None:
    """In a window that is higher than wide there is no empty ground above and below."""
    page = ready(visitor.open(mapped, "/map", viewport={"width": 768, "height": 1200}))
    box = page.locator(".stage").bounding_box()
    assert box is not None
    assert box["height"] == pytest.approx(box["width"] * 108 / 112, abs=3)


SEEN_WHILE_RESIZING = """() => {
    window.seen = [];
    const [stage, points] = ["stage", "points"].map((name) => document.querySelector("." + name));
    const pen = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
    new ResizeObserver(() => {
        pen.drawImage(points, 0, 0, 1, 1, 0, 0, 1, 1);
        seen.push([points.width, ...pen.getImageData(0, 0, 1, 1).data]);
    }).observe(stage);
}"""


def test_a_resize_is_drawn_at_once(page: Page) -> None:
    """There is no frame in which the canvas has its new size and no content, which would be black."""
    page.evaluate(SEEN_WHILE_RESIZING)
    for width in (900, 800):
        page.set_viewport_size({"width": width, "height": 800})
        page.wait_for_function("(width) => seen.at(-1)[0] < width", arg=width)
    assert {tuple(each[1:]) for each in page.evaluate("seen.slice(1)")} == {(*WHITE, 255)}


KEEP_QUERIES = """
    window.kept = {};
    const matching = window.matchMedia.bind(window);
    window.matchMedia = (query) => (kept[query] = matching(query));
"""


def test_another_screen_gets_a_picture_as_sharp(visitor: Visitor, mapped: Site) -> None:
    """Twice as many pixels for each of CSS, and back, without a resize."""
    page = visitor.context(mapped, **WINDOW).new_page()
    page.add_init_script(KEEP_QUERIES)
    visitor.go(page, "/map")
    ready(page)
    screen = page.context.new_cdp_session(page)
    widths = [page.evaluate("document.querySelector('.points').width")]
    for before, after in ((1, 2), (2, 1)):
        how = {"width": 1000, "height": 800, "deviceScaleFactor": after, "mobile": False}
        screen.send("Emulation.setDeviceMetricsOverride", how)
        # Of an emulated screen the browser tells nobody.
        page.evaluate("(query) => kept[query].dispatchEvent(new Event('change'))", f"(resolution: {before}dppx)")
        widths.append(page.evaluate("document.querySelector('.points').width"))
    assert widths == [widths[0], 2 * widths[0], widths[0]]


def test_a_lost_picture_is_told_of(page: Page, visitor: Visitor) -> None:
    """When the graphics processor loses everything the page says so, until it is drawn again."""
    page.evaluate(
        "window.lose = document.querySelector('.points').getContext('webgl2').getExtension('WEBGL_lose_context');"
        "lose.loseContext()"
    )
    notice = page.locator(".notice")
    expect(notice).to_contain_text("The browser has lost the picture of the map")
    page.evaluate("lose.restoreContext()")
    expect(notice).to_be_hidden()
    assert colours(page, spot_of(page, "north")) != [WHITE]
    visitor.faults[:] = [fault for fault in visitor.faults if "CONTEXT_LOST_WEBGL" not in fault]


def test_a_server_that_is_gone_and_comes_back(visitor: Visitor, mapped: Site) -> None:
    """The page says so in words of its own, and asks again when it is told to; what was said goes when papers come."""
    page = visitor.context(mapped, **WINDOW).new_page()
    page.route("**/v1/map/papers?*", lambda route: route.abort())
    visitor.go(page, "/map")
    notice = page.locator(".notice")
    expect(notice.locator("span")).to_have_text("The server did not answer.")
    page.unroute("**/v1/map/papers?*")
    notice.get_by_role("button", name="Load again").click()
    expect(notice).to_be_hidden()
    page.mouse.move(*spot_of(page, "north"))
    expect(page.locator(".about a")).to_have_text("speech graph")
    visitor.faults[:] = [fault for fault in visitor.faults if "net::ERR_FAILED" not in fault]


def test_a_map_that_does_not_come_can_be_asked_for_again(visitor: Visitor, mapped: Site) -> None:
    """Without loading the page anew."""
    page = visitor.context(mapped, **WINDOW).new_page()
    page.route(re.compile("/v1/map$"), lambda route: route.abort())
    visitor.go(page, "/map")
    expect(page.locator(".notice span")).to_have_text("The server did not answer.")
    page.unroute(re.compile("/v1/map$"))
    page.get_by_role("button", name="Load again").click()
    ready(page)
    expect(page.locator(".notice")).to_be_hidden()
    visitor.faults[:] = [fault for fault in visitor.faults if "net::ERR_FAILED" not in fault]


def test_a_map_drawn_anew_is_told_of(visitor: Visitor, mapped: Site) -> None:
    """What is shown is of a map that is no more: the page can be loaded again from there."""
    page = visitor.context(mapped, **WINDOW).new_page()
    body = {"error": {"code": "map_changed", "message": "no more", "next_step": "none"}}
    page.route("**/v1/map/papers?*", lambda route: route.fulfill(status=409, json=body))
    visitor.go(page, "/map")
    expect(page.locator(".notice span")).to_have_text("The map has been drawn anew.")
    page.unroute("**/v1/map/papers?*")
    with page.expect_navigation():
        page.get_by_role("button", name="Load again").click()
    ready(page)
    visitor.faults[:] = [fault for fault in visitor.faults if "status of 409" not in fault]


def test_the_map_is_accessible(visitor: Visitor, mapped: Site) -> None:
    """axe-core finds nothing against WCAG 2.2 AA, narrow and wide, light and dark: the map alone, and with an answer,
    an area and a card. Nor is the page wider than its window."""
    corners = "-".join(f"{x}.{y}" for x, y in AROUND_NORTH)
    page = ready(visitor.open(mapped, "/map"))
    found = []
    for name, path in (("plain", "/map"), ("asked", f"{LEXICAL}&area={map_of(mapped)}:{corners}")):
        visitor.go(page, path)
        ready(page)
        for scheme, width in LOOKS:
            look(page, scheme, width)
            page.locator(".over").focus()
            page.keyboard.press("0")
            expect(page.locator(".about a")).to_have_text("emotion")
            shot(page, f"atlas-{name}-{width}-{scheme}")
            found += [f"{name} {scheme} {width}: {wrong}" for wrong in (*violations(page), *sideways(page))]
    assert not found, "\n".join(found)


def test_without_webgl_the_topics_remain(visitor: Visitor, mapped: Site) -> None:
    """A browser that cannot draw says so; the topics below are links with the same content."""
    page = visitor.context(mapped, **WINDOW).new_page()
    page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
    visitor.go(page, "/map")
    expect(page.locator(".notice")).to_contain_text("This browser cannot draw the map")
    expect(page.locator(".over")).to_be_hidden()
    expect(page.locator(".topics a")).to_have_count(2)


def test_without_scripts_the_topics_remain(visitor: Visitor, mapped: Site) -> None:
    """Without JavaScript there is no empty frame: the topics, largest first, and a search for each."""
    page = visitor.open(mapped, "/map", java_script_enabled=False)
    expect(page.locator(".stage")).to_be_hidden()
    expect(page.locator(".topics a > span:first-child")).to_have_text(["graph, other", "speech, face"])
    page.get_by_role("link", name="speech, face").click()
    assert page.url == f"{mapped.origin}/search?q=speech+face"
