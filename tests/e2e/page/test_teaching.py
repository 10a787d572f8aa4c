"""Where a learner is, the page sends it corrections, teaches them, shows the verdict, and takes it back."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from benchmarks.processes import find_free_ports
from benchmarks.teaching.learner_process import LearnerProcess, running_learner
from release.versions.locations import STATE_VARIABLE
from tests.drawing import STROKES
from tests.e2e.example_seven import SEVEN
from tests.small_sets import SLASHED, zeros

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Service, ServiceStarter
    from tests.e2e.pad_page import PadPage
    from tests.e2e.page.conftest import PageOpener

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

TEACHING_MS = 120_000
SLASHED_ZERO = [[(0.26 + 0.48 * x, 0.16 + 0.68 * y) for x, y in stroke] for stroke in (STROKES[0][0].tolist(), SLASHED)]


@pytest.fixture
def learning(learner_state: Path, start_service: ServiceStarter) -> Iterator[tuple[Service, LearnerProcess]]:
    """A service whose page knows a learner, and that learner."""
    port = find_free_ports().page
    with (
        start_service(
            f"--learner=http://127.0.0.1:{port}", environment={STATE_VARIABLE: str(learner_state)}
        ) as service,
        running_learner(learner_state, f"--origin={service.page_url}", port=port) as learner,
    ):
        yield service, learner


def correct(pad: PadPage, choice: str) -> None:
    pad.page.get_by_role("button", name="Wrong?").click()
    pad.page.get_by_role("dialog").get_by_role("button", name=choice, exact=True).click()
    pad.expect_text("#status", f"Saved: {choice}")


def kept(learner: LearnerProcess) -> int:
    return int(learner.ask("GET", "/corrections").json()["count"])


def test_a_misread_drawing_is_corrected_taught_read_and_taken_back(
    open_page: PageOpener, learning: tuple[Service, LearnerProcess], tmp_path: Path
) -> None:
    service, learner = learning
    learner.correct(list(zeros(0, 11)))
    pad = open_page(url=f"{service.page_url}/", width=390, height=844)
    pad.draw(SLASHED_ZERO)
    pad.page.locator("body[data-state=answered], body[data-state=unsure]").wait_for()
    before = pad.text("#answer")
    assert before != "0"
    correct(pad, "0")
    pad.until(lambda: kept(learner) == 12)
    pad.page.get_by_role("button", name="Teach").click()
    dialog = pad.page.get_by_role("dialog")
    dialog.get_by_role("button", name="Teach", exact=True).click()
    expect(dialog.get_by_role("progressbar")).to_be_visible()
    expect(dialog.get_by_role("heading")).to_have_text("Taught: version 1.0-1", timeout=TEACHING_MS)
    expect(dialog).to_contain_text("nothing else got worse")
    expect(dialog).to_contain_text("This drawing is now read as 0.")
    pad.expect_text("#answer", "0")
    pad.page.screenshot(path=Path(os.environ.get("PAGE_PICTURES") or tmp_path) / "page-teaching.png")
    dialog.get_by_role("button", name="Take it back").click()
    expect(dialog.get_by_role("heading")).to_have_text("Taken back")
    dialog.get_by_role("button", name="Done").click()
    pad.expect_text("#answer", before)


def test_a_correction_waits_in_the_browser_for_a_learner_and_undo_erases_it_there(
    open_page: PageOpener, learner_state: Path, start_service: ServiceStarter
) -> None:
    port = find_free_ports().page
    with start_service(
        f"--learner=http://127.0.0.1:{port}", environment={STATE_VARIABLE: str(learner_state)}
    ) as service:
        pad = open_page(url=f"{service.page_url}/")
        pad.expected_problem = "ERR_CONNECTION_REFUSED"
        pad.draw(SEVEN)
        pad.expect_state("answered")
        pad.page.keyboard.press("x")
        pad.page.get_by_role("dialog").get_by_role("button", name="1", exact=True).click()
        pad.expect_status("Saved: 1. The learner can’t be reached right now.")
        with running_learner(learner_state, f"--origin={service.page_url}", port=port) as learner:
            pad.page.get_by_role("button", name="Teach").click()  # sends what waits
            pad.until(lambda: kept(learner) == 1)
            pad.page.get_by_role("button", name="Not now").click()
            pad.page.get_by_role("button", name="Corrections").click()
            expect(pad.page.locator("#history")).to_contain_text("One correction is kept in this browser; 1 went to")
            pad.page.get_by_role("button", name="Corrections").click()
            pad.page.locator("#wrong").click()
            pad.until(lambda: kept(learner) == 0)


def test_without_a_learner_nothing_is_taught_and_nothing_leaves_the_browser(open_page: PageOpener) -> None:
    pad = open_page()
    pad.draw(SEVEN)
    pad.expect_state("answered")
    correct(pad, "1")
    expect(pad.page.get_by_role("button", name="Teach")).to_have_count(0)
    assert not [url for url in pad.all_urls if "/corrections/" in url and not url.endswith(".js")]
