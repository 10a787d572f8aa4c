"""Real Chromium for the page's tests, and the hand that draws in it."""

from __future__ import annotations

import io
import os
import shutil
import time
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest
import requests
from PIL import Image
from playwright.sync_api import (
    Browser,
    BrowserContext,
    CDPSession,
    FileChooser,
    FilePayload,
    Page,
    Request,
    Route,
    expect,
    sync_playwright,
)

from scripts.cli import ROOT
from scripts.serve import SAMPLE
from tests.e2e.standin import ExplainingServer

if TYPE_CHECKING:
    from tests.conftest import Service

Point = tuple[float, float]  # of the pad's side, (0, 0) at its top left corner
Strokes = list[list[Point]]

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
STATE_TIMEOUT_MS = 15_000
POLL_INTERVAL_MS = 20
STEPS_PER_PIECE = 8  # pointer events from one corner of a stroke to the next
PREDICTIONS = "**/predictions/**"

expect.set_options(timeout=STATE_TIMEOUT_MS)


class PadPage:
    """The open page, drawn on as a person would.

    Attributes:
        requests: the page's questions to the recogniser, oldest first.
        explanations: those for the reasons of its answers.
        problems: what the browser complained about: console errors, uncaught errors, broken security policy.
        expected_problem: part of the complaints that a test provokes; any other fails the test.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self.requests: list[Request] = []
        self.explanations: list[Request] = []
        self.all_urls: list[str] = []
        self.problems: list[str] = []
        self.expected_problem: str | None = None
        self._choosers: list[FileChooser] = []
        # From the start: a click or key that follows the first listener at once can reach Chromium before it does.
        page.on("filechooser", lambda chooser: self._choosers.append(chooser))
        page.on("request", self._note_request)
        page.on("console", lambda line: self.problems.append(line.text) if line.type == "error" else None)
        page.on("pageerror", lambda error: self.problems.append(f"uncaught {error}"))

    def _note_request(self, request: Request) -> None:
        self.all_urls.append(request.url)
        if "/explanations/" in request.url:
            self.explanations.append(request)
        if "/predictions/" in request.url:
            self.requests.append(request)

    def unexpected_problems(self) -> list[str]:
        if self.expected_problem is None:
            return self.problems
        return [text for text in self.problems if self.expected_problem not in text]

    def text(self, selector: str) -> str:
        return self.page.locator(selector).text_content() or ""

    def expect_state(self, state: str) -> None:
        expect(self.page.locator("body")).to_have_attribute("data-state", state, timeout=STATE_TIMEOUT_MS)

    def expect_text(self, selector: str, text: str) -> None:
        expect(self.page.locator(selector)).to_have_text(text, timeout=STATE_TIMEOUT_MS)

    def expect_status(self, words: str) -> None:
        expect(self.page.locator("#status")).to_contain_text(words, timeout=STATE_TIMEOUT_MS)

    def until(self, condition: Callable[[], bool]) -> None:
        """Waits for something that the browser's events bring about."""
        deadline = time.monotonic() + STATE_TIMEOUT_MS / 1000
        while not condition():
            assert time.monotonic() < deadline, "it never came about"
            self.page.wait_for_timeout(POLL_INTERVAL_MS)  # lets the events in

    def expect_requests(self, count: int) -> None:
        """Waits until so many questions have been asked; more than that is for the test to notice."""
        self.until(lambda: len(self.requests) >= count)

    def locate(self, point: Point) -> Point:
        """Where a point of the pad is in the window, in CSS pixels."""
        box = self.page.locator("#pad").bounding_box()
        assert box is not None
        return box["x"] + point[0] * box["width"], box["y"] + point[1] * box["height"]

    def draw(self, strokes: Strokes, steps: int = STEPS_PER_PIECE) -> None:
        """Draws with the mouse."""
        mouse = self.page.mouse
        for first, *others in strokes:
            mouse.move(*self.locate(first))
            mouse.down()
            for point in others:
                mouse.move(*self.locate(point), steps=steps)
            mouse.up()

    def draw_by_touch(self, strokes: Strokes, end: str = "touchEnd", steps: int = STEPS_PER_PIECE) -> None:
        """Draws with a finger; `end` may be "touchCancel"."""
        finger = self.devtools()
        for first, *others in strokes:
            self.touch(finger, "touchStart", first)
            before = first
            for point in others:
                for step in range(1, steps + 1):
                    t = step / steps
                    between = before[0] + t * (point[0] - before[0]), before[1] + t * (point[1] - before[1])
                    self.touch(finger, "touchMove", between)
                before = point
            self.touch(finger, end)

    def touch(self, devtools: CDPSession, kind: str, *points: Point) -> None:
        """One touch event with a finger on each of the points."""
        places = [self.locate(point) for point in points]
        fingers = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(places)]
        devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})

    def devtools(self) -> CDPSession:
        return self.page.context.new_cdp_session(self.page)

    def has_ink(self, point: Point) -> bool:
        """Whether the pad shows ink there, once what was drawn has been painted."""
        script = """async ([x, y]) => {
            await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
            const pad = document.getElementById("pad");
            const pixel = pad.getContext("2d").getImageData(x * pad.width, y * pad.height, 1, 1);
            return pixel.data[3] > 127;
        }"""
        return bool(self.page.evaluate(script, list(point)))

    def choose_file(self, name: str, media_type: str, data: bytes) -> None:
        """Answers the page's request for a file, once it comes."""
        self.until(lambda: bool(self._choosers))
        self._choosers.pop().set_files(FilePayload(name=name, mimeType=media_type, buffer=data))

    def hold_requests(self) -> list[Route]:
        """Lets no question through; the list fills with them, for the test to let them go."""
        held: list[Route] = []
        self.page.route(PREDICTIONS, lambda route: held.append(route))
        return held

    def pictures(self) -> list[bytes]:
        """The pictures that were sent, oldest first."""
        return [request.post_data_buffer or b"" for request in self.requests]

    def answer_with(self, status: int, body: object, times: int | None = None) -> None:
        """Answers the page's questions in the server's place, as only a broken or overloaded server would."""

        def answer(route: Route) -> None:
            route.fulfill(status=status, json=body, headers={"Access-Control-Allow-Origin": "*"})

        self.page.route(PREDICTIONS, answer, times=times)


PageOpener = Callable[..., PadPage]
InkShare = Callable[[bytes], float]


@pytest.fixture
def ink_share() -> InkShare:
    """Tells the share of a picture that is ink, in [0, 1]."""

    def share(picture: bytes) -> float:
        histogram = Image.open(io.BytesIO(picture)).convert("L").histogram()
        return sum(histogram[:128]) / sum(histogram)

    return share


@pytest.fixture
def sub_path_url() -> Iterator[str]:
    """The folder of the page behind a plain static host, one level down."""

    class QuietHandler(SimpleHTTPRequestHandler):
        def __init__(self, *args: object) -> None:
            super().__init__(*args, directory=str(ROOT))  # type: ignore[arg-type]

        def log_message(self, format: str, *args: object) -> None:
            """Silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), QuietHandler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/static_client/"
        server.shutdown()
        thread.join()


@pytest.fixture
def standin(service: Service) -> Iterator[ExplainingServer]:
    """The page on an API of the test's own that explains, or fails to; its predictions are the real service's."""
    with ExplainingServer(service.predictions_url) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def explaining_page(service: Service, request: pytest.FixtureRequest) -> str:
    """A page whose recogniser explains itself: the real service's, where it does."""
    answer = requests.post(f"{service.api_url}/explanations/mnist", SAMPLE.read_bytes(), timeout=10)
    if "attribution" in answer.json():
        return service.page_url
    server: ExplainingServer = request.getfixturevalue("standin")
    return server.url


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium of this machine: CHROMIUM names it, else it is looked for on the PATH."""
    executable = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if executable is None:
        reason = f"no browser: set CHROMIUM to one, or install one of {', '.join(CHROMIUM_NAMES)}"
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser: Browser, service: Service) -> Iterator[PageOpener]:
    """Opens the served page (`path` is put behind its address), in a window of its own.

    A complaint of the browser's that the test does not expect fails it.
    """
    contexts: list[BrowserContext] = []
    opened: list[PadPage] = []

    def opener(
        path: str = "/", *, url: str | None = None, width: int = 1280, height: int = 800, **more: Any
    ) -> PadPage:
        context = browser.new_context(viewport={"width": width, "height": height}, **more)
        contexts.append(context)
        pad = PadPage(context.new_page())
        opened.append(pad)
        pad.page.goto(url or service.page_url + path)
        return pad

    yield opener
    for context in contexts:
        context.close()
    assert [pad.unexpected_problems() for pad in opened] == [[] for _ in opened]
