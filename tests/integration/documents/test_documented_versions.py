"""Each command about versions in docs/operations.md does what it says, one after the other."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

from model.locations import ROOT

SECTION = re.compile(r"^## Versions$.*?^```sh$(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_versions_are_released_tried_promoted_and_taken_back_as_documented(tmp_path: Path) -> None:
    found = SECTION.search((ROOT / "docs" / "operations.md").read_text(encoding="utf-8"))
    assert found is not None
    commands = [line.partition("#")[0].strip() for line in found[1].strip().splitlines()]
    assert {command.split()[1] for command in commands} >= {"versions", "promote", "rollback"}
    environment = {
        **os.environ,
        "DIGITS_STATE": str(tmp_path),
        "PATH": f"{ROOT / '.venv' / 'bin'}:{os.environ['PATH']}",
    }
    environment.pop("DATABASE_URL", None)

    def run(command: str) -> str:
        done = subprocess.run(
            ["bash", "-c", command], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout

    said = {command: run(command) for command in commands}
    assert "1.1 is on trial with 10 %" in said["python scripts/versions.py try 1.1 --share 10"]
    assert "version 1.1 is champion; served from the next start on" in said["make promote VERSION=1.1"]
    assert "version 1.0 is champion" in said["make rollback"]
    content = json.loads(run("make --silent versions ARGS=--json"))
    assert content["deployment"] == {"change": 5, "champion": "1.0", "before": None, "trial": None}
