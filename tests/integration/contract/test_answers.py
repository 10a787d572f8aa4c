"""The command that compares answers, asked to compare a real TorchServe with itself."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.answer_requests.sequence import SHARES

if TYPE_CHECKING:
    from tests.conftest import Service

ROOT = Path(__file__).parents[3]
COUNT = 150


def test_a_server_answers_every_kind_of_request_twice_the_same(service: Service, tmp_path: Path) -> None:
    output = tmp_path / "answers.json"
    options = [f"--address={service.api_url}", f"--against={service.api_url}", f"--requests={COUNT}"]
    command = [sys.executable, str(ROOT / "benchmarks" / "answers.py"), *options, f"--output={output}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads(output.read_text(encoding="utf-8"))
    assert set(result["kinds"]) == set(SHARES) - set(result["left_out"])
    assert all(f"{kind} " in done.stdout for kind in result["kinds"])
    answered, again = result["total"]["answers"]
    assert answered == again
    assert result["total"]["requests"] in done.stdout and answered in done.stdout
    assert result["differences"] == result["messages"] == []
    good, total = result["total"]["good"][0], result["total"]["count"]
    assert total == COUNT and 0.5 < good / total < 1  # pictures that are read, and bad requests too
    assert result["kinds"]["explanations"]["good"][0] > 0
