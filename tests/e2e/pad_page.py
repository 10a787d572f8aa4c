"""The open page as a test uses it: draws on it, and records its requests and the browser's errors."""

from __future__ import annotations

import time
from collections.abc import Callable

from playwright.sync_api import CDPSession, FileChooser, FilePayload, Page, Request, Route, expect

Point = tuple[float, float]  # of the pad's side, (0, 0) at its top left corner
Strokes = list[list[Point]]

STATE_TIMEOUT_MS = 15_000
POLL_INTERVAL_MS = 20
STEPS_PER_PIECE = 8  # pointer events from one corner of a stroke to the next
PREDICTIONS = "**/predictions/**"
EXPLANATIONS = "**/explanations/**"

expect.set_options(timeout=STATE_TIMEOUT_MS)


def on_pad(strokes: Strokes) -> Strokes:
    """Strokes in a box of side 1, moved to the middle of the pad."""
    return [[(0.26 + 0.48 * x, 0.16 + 0.68 * y) for x, y in stroke] for stroke in strokes]


class PadPage:
    """The open page, drawn on as a person would.

    Attributes:
        requests: for predictions, oldest first.
        explanations: requests for explanations.
        problems: console errors and uncaught errors.
        expected_problem: part of the problems that a test provokes; any other problem fails the test.
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
        """Waits for a condition that events of the browser make true."""
        deadline = time.monotonic() + STATE_TIMEOUT_MS / 1000
        while not condition():
            assert time.monotonic() < deadline, "the condition never became true"
            self.page.wait_for_timeout(POLL_INTERVAL_MS)  # lets the events in

    def expect_requests(self, count: int) -> None:
        """Waits until at least `count` predictions were requested."""
        self.until(lambda: len(self.requests) >= count)

    def locate(self, point: Point) -> Point:
        """A point of the pad in the window, in CSS pixels."""
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
        """Whether the pad shows ink there, after the next paint."""
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

    def change_config(self, more: dict[str, object]) -> None:
        """Adds to the page's config.json, before the page is opened."""
        self.page.route("**/config.json", lambda route: route.fulfill(json=route.fetch().json() | more))

    def hold_requests(self) -> list[Route]:
        """Holds requests for predictions back in a list; the test answers or continues them."""
        held: list[Route] = []
        self.page.route(PREDICTIONS, lambda route: held.append(route))
        return held

    def pictures(self) -> list[bytes]:
        """The pictures that were sent, oldest first."""
        return [request.post_data_buffer or b"" for request in self.requests]

    def answer_with(self, status: int, body: object, times: int | None = None) -> None:
        """Answers requests for predictions instead of the server."""
        self._answer(PREDICTIONS, status, body, times)

    def explain_with(self, status: int, body: object) -> None:
        """Answers requests for explanations instead of the server."""
        self._answer(EXPLANATIONS, status, body)

    def _answer(self, pattern: str, status: int, body: object, times: int | None = None) -> None:
        def answer(route: Route) -> None:
            route.fulfill(status=status, json=body, headers={"Access-Control-Allow-Origin": "*"})

        self.page.route(pattern, answer, times=times)
