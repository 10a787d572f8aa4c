"""Each `curl` of the README and of the docs does what they say, against a running server."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from model.locations import ROOT
from tests.conftest import Service

SEVEN = ROOT / "tests" / "data" / "seven.png"
DOCUMENTS = (ROOT / "README.md", ROOT / "docs" / "api.md", ROOT / "docs" / "operations.md")
COMMANDS = sorted(
    {
        command
        for document in DOCUMENTS
        for found in re.findall(r"^(curl .+)$|`(curl [^`]+)`", document.read_text(encoding="utf-8"), re.MULTILINE)
        for command in found
        if "http://" in command or "$URL" in command
    }
)


def test_the_readme_shows_a_command_for_each_body() -> None:
    assert len([command for command in COMMANDS if "$URL" in command]) == 5


@pytest.mark.parametrize("command", COMMANDS)
def test_a_documented_command_is_answered(service: Service, command: str, tmp_path: Path) -> None:
    shutil.copyfile(SEVEN, tmp_path / "digit.png")
    (tmp_path / "tests" / "data").mkdir(parents=True)
    shutil.copyfile(SEVEN, tmp_path / "tests" / "data" / "seven.png")
    for written, real in {
        "$URL": service.predictions_url,
        "http://127.0.0.1:8080": service.api_url,
        "http://127.0.0.1:8081": service.management_url,
        "iVBORw0...": base64.b64encode(SEVEN.read_bytes()).decode(),
    }.items():
        command = command.replace(written, real)
    done = subprocess.run(
        ["bash", "-c", f"{command} --silent --fail-with-body"], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout
    answer = json.loads(done.stdout)
    if "/models/" not in command:
        assert '"7"' in json.dumps(answer)
