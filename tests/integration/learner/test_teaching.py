"""From a correction to an answer of the version that was taught, and back."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
import requests

from benchmarks.teaching.learner_process import TIMEOUT_S, running_learner
from release.versions.locations import STATE_VARIABLE
from tests.conftest import ServiceStarter
from tests.small_sets import zeros
from tests.waiting import eventually

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


def test_what_is_taught_is_served_and_taken_back(learner_state: Path, start_service: ServiceStarter) -> None:
    *taught, further = zeros(0, 13)
    picture = base64.b64decode(str(further["image"]))
    with (
        running_learner(learner_state) as learner,
        start_service("--no-page", "--versions", environment={STATE_VARIABLE: str(learner_state)}) as service,
    ):

        def answer() -> dict[str, Any]:
            return dict(requests.post(service.predictions_url, data=picture, timeout=TIMEOUT_S).json())

        before = answer()
        assert (before["version"], before["recognised"] and before["label"] == "0") == ("1.0", False)
        ids = learner.correct(taught)
        ended = learner.end_of(learner.teach())
        assert ended["state"] == "promoted", ended
        verdict = ended["verdict"]
        assert all(row["passed"] for row in verdict["rows"])
        assert sorted([*verdict["taught"], *verdict["held_back"]]) == sorted(ids)
        assert verdict["right_before"] < verdict["right_now"]
        eventually(lambda: answer()["version"] == ended["version"])
        assert (answer()["label"], answer()["recognised"]) == ("0", True)
        [version] = [
            one for one in learner.ask("GET", "/versions").json()["versions"] if one["name"] == ended["version"]
        ]
        assert (version["parent"], version["taught"]["corrections"]) == ("1.0", verdict["taught"])
        assert learner.ask("POST", "/rollback").status_code == 200
        assert answer()["version"] == "1.0"


def test_what_was_erased_is_not_taught_and_without_a_promotion_a_person_decides(learner_state: Path) -> None:
    with running_learner(learner_state, "--promote=no") as learner:
        ids = learner.correct(list(zeros(0, 12)))
        assert learner.ask("DELETE", f"/corrections/{ids[0]}").status_code == 200
        ended = learner.end_of(learner.teach())
        assert ended["state"] == "passed", ended
        assert f"make promote VERSION={ended['version']}" in ended["words"]
        verdict = ended["verdict"]
        assert sorted([*verdict["taught"], *verdict["held_back"]]) == sorted(ids[1:])
        assert learner.ask("GET", "/versions").json()["deployment"]["champion"] == "1.0"
        assert learner.ask("POST", "/promote", {"version": ended["version"]}).status_code == 200
        assert learner.ask("GET", "/versions").json()["deployment"]["champion"] == ended["version"]
