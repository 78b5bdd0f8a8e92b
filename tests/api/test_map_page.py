"""The page of the map, in a real browser: what it draws, and what is done with mouse, fingers and keyboard."""

from __future__ import annotations

import base64
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import numpy as np
import pytest
import uvicorn
from playwright.sync_api import Browser, JSHandle, Page, Playwright, expect, sync_playwright

from api.app import create_app
from api.service import Service
from indexer.collection import Collection
from indexer.ingest import ingest
from indexer.paper import Paper
from indexer.report import Report
from search.area import SIDE, Area
from search.atlas import Atlas, Cluster
from search.engine import Engine
from tests.api.browser import see
from tests.api.conftest import connect
from tests.toys import ToyEncoder

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"),
    *("--disable-quic", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"),
]
HOSTILE = "<img src=x onerror=\"document.title='run'\"> & <b>face</b>"
PLACED = (
    (Paper("north", "speech graph", authors=("Ada Lovelace", "Grace Hopper"), published="2024-05-01"), 20_000, 12_000),
    (Paper("north-2", "speech face", published="2025-06"), 24_000, 12_000),
    (Paper("hostile", HOSTILE, published="2025"), 45_000, 14_000),
    (Paper("middle", "emotion", authors=("Emmy Noether",)), 32_768, 32_768),
    (Paper("south", "graph"), 20_000, 50_000),
    (Paper("south-2", "graph and others"), 22_500, 52_000),
    (Paper("corner", "other things"), 0, 0),
    (Paper("corner-2", "still other things"), SIDE - 1, SIDE - 1),
)
"""Papers, and where they are put. Those in the corners make the whole square the extent of the map; a place at SIDE
itself lies in no area, as the lower end of a side counts and the upper one does not."""
CLUSTERS = (
    Cluster(0, 0, None, ("speech", "face"), 22_000, 12_000, 3),
    Cluster(1, 0, None, ("graph", "other"), 21_000, 51_000, 5),
)


@dataclass(frozen=True)
class Server:
    """A server of the papers above, and the id of their map."""

    address: str
    map_id: str


def papers_on_a_map(directory: Path) -> tuple[Collection, ToyEncoder, str]:
    encoder = ToyEncoder()
    collection = Collection.create(directory, encoder.identity)
    ingest(collection, encoder, [paper for paper, _, _ in PLACED], Report())
    snapshot = collection.snapshot()
    found = snapshot.store.lookup([paper.id for paper, _, _ in PLACED])
    rows = sorted((found[paper.id].key, x, y, 1 if y > SIDE // 3 or x == 0 else 0) for paper, x, y in PLACED)
    keys, xs, ys, groups = (np.array(column) for column in zip(*rows, strict=True))
    places = np.stack([xs, ys], axis=1).astype(np.uint16)
    weights = encoder.identity.weights_sha256
    atlas = Atlas(weights, snapshot.sequence, keys.astype(np.int64), places, groups.astype(np.uint16), CLUSTERS)
    atlas.save(directory)
    return collection, encoder, atlas.id


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The papers above, served on a free port of this machine."""
    collection, encoder, map_id = papers_on_a_map(tmp_path_factory.mktemp("map") / "collection")
    app = create_app(Service(collection, encoder, Engine(collection, encoder)))
    running = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]})
        thread.start()
        while not running.started:
            time.sleep(0.01)
        yield Server(f"http://127.0.0.1:{listening.getsockname()[1]}", map_id)
        running.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    if not CHROMIUM.exists():
        pytest.skip("there is no Chromium on this machine")
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    with playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS) as launched:
        yield launched


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    """A page that has nothing to complain about: no script fails, and nothing is against the content policy."""
    context = browser.new_context(base_url=server.address, viewport={"width": 1000, "height": 800})
    yield from watched(context.new_page())
    context.close()


@pytest.fixture
def phone(browser: Browser, server: Server) -> Iterator[Page]:
    context = browser.new_context(base_url=server.address, viewport={"width": 390, "height": 844}, has_touch=True)
    yield from watched(context.new_page())
    context.close()


def watched(page: Page) -> Iterator[Page]:
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    assert complaints == []


def open_map(page: Page, query: str = "") -> None:
    page.goto(f"/map{query}")
    page.wait_for_selector(".stage.ready")


def spot(page: Page, x: float, y: float) -> tuple[float, float]:
    """Where on the page a place lies while the whole map is seen: a square with a margin of 28 pixels."""
    box = page.locator(".over").bounding_box()
    assert box is not None
    scale = (min(box["width"], box["height"]) - 56) / SIDE
    return (
        box["x"] + box["width"] / 2 + (x - SIDE / 2) * scale,
        box["y"] + box["height"] / 2 + (y - SIDE / 2) * scale,
    )


def spot_of(page: Page, paper_id: str) -> tuple[float, float]:
    return next(spot(page, x, y) for paper, x, y in PLACED if paper.id == paper_id)


def colours(page: Page, *spots: tuple[float, float]) -> list[tuple[int, ...]]:
    """The colours that are seen at points of the page, once everything that was asked for is drawn."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    png = base64.b64encode(page.screenshot()).decode()
    read = """async ([png, spots]) => {
        const picture = await createImageBitmap(new Blob([Uint8Array.from(atob(png), (c) => c.charCodeAt(0))]));
        const pen = new OffscreenCanvas(picture.width, picture.height).getContext("2d", { willReadFrequently: true });
        pen.drawImage(picture, 0, 0);
        return spots.map(([x, y]) => [...pen.getImageData(Math.round(x), Math.round(y), 1, 1).data].slice(0, 3));
    }"""
    return [tuple(colour) for colour in page.evaluate(read, [png, [list(spot) for spot in spots]])]


NOWHERE = (60_000, 30_000)
WHITE = (255, 255, 255)
ACCENT = (0x2A, 0x5C, 0x4D)


def test_papers_are_drawn(page: Page) -> None:
    """Where a paper lies is its cluster's colour, and that of another cluster is another; elsewhere is the ground."""
    open_map(page)
    speech, graph, empty = colours(page, spot_of(page, "north"), spot_of(page, "south"), spot(page, *NOWHERE))
    assert len({speech, graph, empty}) == 3
    assert empty == WHITE


def test_the_mouse_shows_the_paper_under_it(page: Page) -> None:
    """Title, authors and date of the nearest paper within twelve pixels, and nothing where there is none."""
    open_map(page)
    x, y = spot_of(page, "north")
    page.mouse.move(x - 6, y - 6)
    card = page.locator(".about")
    expect(card.locator("a")).to_have_text("speech graph")
    expect(card.locator("a")).to_have_attribute("href", "/papers/north")
    expect(card.locator("li")).to_have_text(["Ada Lovelace, Grace Hopper", "1 May 2024"])
    expect(card.locator(".of")).to_have_text("speech, face")
    page.mouse.move(x, y + 100)
    expect(card).to_be_hidden()


def test_a_click_opens_the_paper(page: Page) -> None:
    """What is under the mouse is opened by a click."""
    open_map(page)
    page.mouse.move(*spot_of(page, "middle"))
    expect(page.locator(".about a")).to_have_text("emotion")
    page.mouse.click(*spot_of(page, "middle"))
    page.wait_for_url("**/papers/middle")


def test_titles_are_text(page: Page) -> None:
    """A title that looks like markup is shown as it is written, and nothing in it runs."""
    open_map(page)
    page.mouse.move(*spot_of(page, "hostile"))
    expect(page.locator(".about a")).to_have_text(HOSTILE)
    assert page.locator("main img, main b").count() == 0
    assert page.title() == "Map – Paperkin"


def test_a_tap_shows_the_card_with_its_link(phone: Page) -> None:
    """A finger does not open a paper at once: it shows the card, whose title is the link."""
    open_map(phone)
    phone.touchscreen.tap(*spot_of(phone, "middle"))
    link = phone.locator(".about a")
    expect(link).to_have_text("emotion")
    phone.touchscreen.tap(*spot(phone, *NOWHERE))
    expect(link).to_be_hidden()
    phone.wait_for_timeout(500)  # two taps that follow at once are a double one
    phone.touchscreen.tap(*spot_of(phone, "middle"))
    link.tap()
    phone.wait_for_url("**/papers/middle")


def test_two_fingers_zoom(phone: Page) -> None:
    """Fingers that move apart to twice their distance show everything twice as large, around where they are."""
    open_map(phone)
    x, y = spot_of(phone, "middle")
    fingers = phone.context.new_cdp_session(phone)
    for kind, apart in (("touchStart", 40), ("touchMove", 50), ("touchMove", 80), ("touchEnd", None)):
        points = [] if apart is None else [{"x": x - apart, "y": y, "id": 1}, {"x": x + apart, "y": y, "id": 2}]
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    south = spot_of(phone, "south")
    phone.touchscreen.tap(2 * south[0] - x, 2 * south[1] - y)
    expect(phone.locator(".about a")).to_have_text("graph")


def test_the_answer_is_lit_up(page: Page, server: Server) -> None:
    """What a question finds is marked in the accent colour and listed as the search ranks it; others are dimmed."""
    open_map(page)
    (undimmed,) = colours(page, spot_of(page, "corner"))
    open_map(page, "?q=graph&mode=lexical")
    entries = page.locator(".found li a")
    found = httpx2.get(f"{server.address}/v1/search", params={"q": "graph", "mode": "lexical"}).json()["hits"]
    expect(entries).to_have_text([hit["paper"]["title"] for hit in found])
    ids = [hit["paper"]["id"] for hit in found]
    assert set(ids) == {"north", "south", "south-2"}
    *lit, other, dimmed = colours(page, *(spot_of(page, each) for each in (*ids, "north-2", "corner")))
    assert lit == [ACCENT] * 3
    assert other != ACCENT
    assert dimmed not in (undimmed, WHITE)
    expect(page.get_by_role("link", name="Open as list")).to_have_attribute("href", "/search?q=graph&mode=lexical")


def test_the_list_and_the_map_point_at_each_other(page: Page) -> None:
    """Over an entry its paper's card is shown at its place; over a lit paper its entry is marked."""
    open_map(page, "?q=graph&mode=lexical")
    entry = page.locator(".found li", has_text="speech graph")
    entry.hover()
    expect(page.locator(".about a")).to_have_text("speech graph")
    page.mouse.move(*spot_of(page, "south"))
    expect(page.locator(".found li.here a")).to_have_text("graph")


def test_a_question_that_finds_nothing_says_so(page: Page) -> None:
    """No paper is lit up, and the page says it."""
    open_map(page, "?q=zebra&mode=lexical")
    expect(page.locator(".found [role=status]")).to_have_text("No paper on the map answers this.")


def drag(page: Page, *places: tuple[float, float]) -> None:
    page.mouse.move(*spot(page, *places[0]))
    page.mouse.down()
    for place in (*places[1:], places[0]):
        page.mouse.move(*spot(page, *place), steps=5)
    page.mouse.up()


def ids_on(page: Page) -> set[str]:
    links = page.locator("article.card h2 a").all()
    return {str(link.get_attribute("href")).removeprefix("/papers/") for link in links}


AROUND_NORTH = ((14_000, 8_000), (29_000, 7_000), (30_000, 18_000), (15_000, 19_000))


def test_an_area_becomes_a_filter(page: Page, server: Server) -> None:
    """The papers that are counted within an area are those that a search there finds, and the server agrees on them."""
    open_map(page)
    page.get_by_role("button", name="Draw around papers").click()
    drag(page, *AROUND_NORTH)
    expect(page.locator(".around span")).to_have_text("2 papers in this area")
    link = page.get_by_role("link", name="Search here")
    area = Area.parse(parse_qs(urlsplit(str(link.get_attribute("href"))).query)["area"][0])
    assert area.map_id == server.map_id
    assert area.has(np.array([(x, y) for _, x, y in PLACED], np.uint16)).tolist() == [True, True, *[False] * 6]
    link.click()
    page.wait_for_url("**/search?area=*")
    assert ids_on(page) == {"north", "north-2"}


def test_an_area_restricts_the_question(page: Page) -> None:
    """With a question, it is kept, and only what lies within is lit up and found."""
    open_map(page, "?q=graph&mode=lexical")
    expect(page.locator(".found li")).to_have_count(3)
    page.keyboard.down("Shift")
    drag(page, *AROUND_NORTH)
    page.keyboard.up("Shift")
    expect(page.locator(".found li a")).to_have_text(["speech graph"])
    page.get_by_role("link", name="Search here").click()
    page.wait_for_url("**/search?q=graph&mode=lexical&area=*")
    assert ids_on(page) == {"north"}
    page.go_back()
    expect(page.locator(".around span")).to_have_text("2 papers in this area")
    page.get_by_role("button", name="Clear").click()
    expect(page.locator(".found li")).to_have_count(3)
    assert "area" not in page.url


def test_an_area_without_dragging(page: Page) -> None:
    """Corners can be clicked one after the other; with the keyboard, what is seen can be taken."""
    open_map(page)
    page.get_by_role("button", name="Draw around papers").click()
    for place in (*AROUND_NORTH, AROUND_NORTH[0]):
        page.mouse.click(*spot(page, *place))
        page.wait_for_timeout(30)
    expect(page.locator(".around span")).to_have_text("2 papers in this area")
    page.get_by_role("button", name="Clear").press("Enter")
    page.get_by_role("button", name="Draw around papers").press("Enter")
    page.get_by_role("button", name="Take what is seen").press("Enter")
    expect(page.locator(".around span")).to_have_text("8 papers in this area")


def test_an_area_in_the_address_is_drawn(page: Page, server: Server) -> None:
    """An area of this map is taken up; one of another map is told of."""
    corners = "-".join(f"{x}.{y}" for x, y in AROUND_NORTH)
    open_map(page, f"?area={server.map_id}:{corners}")
    expect(page.locator(".around span")).to_have_text("2 papers in this area")
    open_map(page, f"?area=abc:{corners}")
    expect(page.locator(".notice")).to_have_text("The area in this address was drawn on another map. Draw it again.")
    assert "area" not in page.url


def test_the_keyboard_alone(page: Page) -> None:
    """Arrows and signs move the map under its middle, whose paper is read out and opened; Escape puts it away."""
    open_map(page)
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


def test_the_keyboard_is_not_caught(page: Page) -> None:
    """Tab leads into the map, over its buttons and out of it again."""
    open_map(page)
    page.locator(".over").focus()
    names = []
    for _ in range(5):
        page.keyboard.press("Tab")
        names.append(
            page.evaluate("document.activeElement.name || document.activeElement.closest('.topics')?.className")
        )
    assert names == ["larger", "smaller", "whole", "lasso", "topics"]


def test_the_wheel_zooms_and_then_scrolls_the_page(page: Page) -> None:
    """Forwards it comes nearer to what is under the mouse; backwards, once all is seen, the page scrolls on."""
    open_map(page)
    page.set_viewport_size({"width": 1000, "height": 500})
    x, y = spot_of(page, "middle")
    page.mouse.move(x, y)
    page.mouse.wheel(0, -300)
    assert colours(page, (x, y)) != [WHITE]  # still under the mouse
    assert page.evaluate("scrollY") == 0
    for _ in range(6):
        page.mouse.wheel(0, 300)
    page.wait_for_function("scrollY > 0")


def test_dragging_moves_the_map(page: Page) -> None:
    """A paper goes with the hand that moves it."""
    open_map(page)
    page.get_by_role("button", name="Zoom in").click()
    x, y = spot_of(page, "middle")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y + 40, steps=4)
    page.mouse.up()
    page.mouse.move(x + 61, y + 40)
    expect(page.locator(".about a")).to_have_text("emotion")


def test_nothing_jumps(page: Page) -> None:
    """The place of everything is kept from the first frame on, whatever arrives later."""
    page.add_init_script(
        "window.shifts = []; new PerformanceObserver((list) => shifts.push(...list.getEntries().map((e) => e.value)))"
        ".observe({ type: 'layout-shift', buffered: true });"
    )
    open_map(page, "?q=graph&mode=lexical")
    expect(page.locator(".found li")).to_have_count(3)
    assert page.evaluate("shifts") == []


def test_light_and_dark(page: Page) -> None:
    """The ground follows the scheme that the reader prefers, also when that changes."""
    open_map(page)
    empty = spot(page, *NOWHERE)
    assert colours(page, empty) == [WHITE]
    page.emulate_media(color_scheme="dark")
    assert max(colours(page, empty)[0]) < 0x40


def test_without_webgl_the_topics_remain(page: Page) -> None:
    """A browser that cannot draw says so; the topics below are links with the same content."""
    page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
    page.goto("/map")
    expect(page.locator(".notice")).to_contain_text("This browser cannot draw the map")
    expect(page.locator(".over")).to_be_hidden()
    expect(page.locator(".topics a")).to_have_count(2)


def test_without_scripts_the_topics_remain(browser: Browser, server: Server) -> None:
    """Without JavaScript there is no empty frame: the topics, largest first, and a search for each."""
    context = browser.new_context(base_url=server.address, java_script_enabled=False)
    page = context.new_page()
    page.goto("/map")
    expect(page.locator(".stage")).to_be_hidden()
    expect(page.locator(".topics a > span:first-child")).to_have_text(["graph, other", "speech, face"])
    page.get_by_role("link", name="speech, face").click()
    assert page.url == f"{server.address}/search?q=speech+face"
    context.close()


def module(page: Page, name: str) -> JSHandle:
    """A module of the page, to try what it computes."""
    page.goto("/map")
    script = page.locator('script[src*="js/map.js"]').get_attribute("src")
    return page.evaluate_handle("(address) => import(address)", str(script).replace("map.js", f"map/{name}.js"))


def test_the_browser_and_the_server_agree_on_areas(page: Page) -> None:
    """Whatever the polygon, also one that crosses itself, with points on its corners and sides: the same papers."""
    rng = np.random.default_rng(5)
    areas = module(page, "area")
    for side in (20, SIDE):
        for _ in range(20):
            corners = rng.integers(0, side, (int(rng.integers(3, 65)), 2), endpoint=True)
            places = np.concatenate([rng.integers(0, side, (200, 2), endpoint=True), corners]).astype(np.uint16)
            area = Area("a", tuple((int(x), int(y)) for x, y in corners))
            found = areas.evaluate(
                "(m, [corners, xs, ys]) => m.inside(corners, xs, ys)",
                [corners.tolist(), places[:, 0].tolist(), places[:, 1].tolist()],
            )
            assert found == np.flatnonzero(area.has(places)).tolist()


def test_the_grid_finds_what_looking_at_all_finds(page: Page) -> None:
    """The nearest point within a radius, ties by number, for points spread and heaped, from places also off the map."""
    rng = np.random.default_rng(6)
    places = np.concatenate([rng.integers(0, SIDE, (400, 2)), rng.integers(30_000, 30_400, (400, 2))]).astype(np.uint16)
    asked = np.concatenate([rng.integers(-9_000, SIDE + 9_000, (150, 2)), rng.integers(29_000, 31_000, (150, 2))])
    grids = module(page, "grid")
    for radius in (40.0, 3_000.0):
        found = grids.evaluate(
            "(m, [xs, ys, asked, radius]) => { const g = new m.Grid(Uint16Array.from(xs), Uint16Array.from(ys));"
            " return asked.map(([x, y]) => g.nearest(x, y, radius)); }",
            [places[:, 0].tolist(), places[:, 1].tolist(), asked.tolist(), radius],
        )
        away = ((asked[:, None, :] - places[None].astype(np.int64)) ** 2).sum(axis=2)
        nearest = away.argmin(axis=1)
        assert found == np.where(away.min(axis=1) <= radius**2, nearest, -1).tolist()


def test_a_slow_machine_draws_a_sample_while_it_moves(page: Page) -> None:
    """Frames a tenth of a second apart get fewer points each, down to 8 %; frames of a quick machine get all."""
    pace = module(page, "pace")
    shares = (
        "(m, apart) => { const pace = new m.Pace(() => {});"
        " return Array.from({ length: 60 }, (_, n) => pace.next(1000 + apart * n)); }"
    )
    slow = pace.evaluate(shares, 100)
    assert slow[:4] == [1, 1, 1, 1]
    assert slow == sorted(slow, reverse=True)
    assert slow[-1] == pytest.approx(0.08)
    assert pace.evaluate(shares, 16.7) == [1] * 60


def test_after_a_movement_all_are_drawn(page: Page) -> None:
    """A machine that was too slow for all points is asked for all of them once it rests, and once only."""
    pace = module(page, "pace")
    rests = pace.evaluate(
        "async (m) => { let rests = 0; const pace = new m.Pace(() => rests++);"
        " for (let n = 0; n < 12; n++) pace.next(1000 + 100 * n);"
        " await new Promise((done) => setTimeout(done, 500)); return rests; }"
    )
    assert rests == 1


def test_a_long_stroke_fits_into_an_address(page: Page) -> None:
    """Whatever is drawn becomes 3 to 64 corners on the map, near to the stroke; less than a triangle is no area."""
    areas = module(page, "area")
    angles = np.linspace(0, 2 * np.pi, 3_000, endpoint=False)
    radii = 20_000 + 3_000 * np.sin(40 * angles) + np.random.default_rng(7).normal(0, 500, 3_000)
    stroke = np.stack([32_768 + radii * np.cos(angles), 32_768 + radii * np.sin(angles)], axis=1)
    corners: list[Any] = areas.evaluate("(m, stroke) => m.cornersOf(stroke, 150)", stroke.tolist())
    assert 3 <= len(corners) <= 64
    away = [min(float(np.hypot(*(np.array(corner) - point))) for point in stroke) for corner in corners]
    assert max(away) < 2
    assert areas.evaluate("(m) => m.cornersOf([[1, 1], [1.2, 1.1], [9, 9]], 1)") is None
    Area("a", tuple((x, y) for x, y in corners))


def test_a_missing_map_is_told_with_what_to_do(tmp_path: Path) -> None:
    """It is no error page: there is nothing to draw yet, and the page says how that changes."""
    encoder = ToyEncoder()
    collection = Collection.create(tmp_path / "collection", encoder.identity)
    ingest(collection, encoder, [Paper("a", "speech")], Report())
    with connect(collection, encoder) as client:
        seen = see(client, "/map")
    assert "There is no map of these papers yet." in seen.one("p", **{"class": "hint"}).text
    assert seen.all("canvas") == []


def test_the_question_is_kept(tmp_path: Path) -> None:
    """All parts of a question go along with another one, and each can be left out; what is no part is dropped."""
    collection, encoder, _ = papers_on_a_map(tmp_path / "collection")
    with connect(collection, encoder) as client:
        seen = see(client, "/map?q=face&like=north&like=south&date_from=2024&offset=20&nonsense=1")
    hidden = [(e.attributes["name"], e.attributes["value"]) for e in seen.all("input", type="hidden")]
    assert hidden == [("like", "north"), ("like", "south"), ("date_from", "2024"), ("area", "")]
    assert seen.texts("span", **{"class": "name"}) == ["like speech graph", "like graph", "since 2024"]
    assert [e.attributes["href"] for e in seen.all("a", **{"class": "off"})] == [
        "/map?q=face&like=south&date_from=2024",
        "/map?q=face&like=north&date_from=2024",
        "/map?q=face&like=north&like=south",
    ]
