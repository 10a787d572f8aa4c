"""The benchmark's command line, without servers."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from benchmarks import compare_servers
from benchmarks.compare_servers import build_parser, is_whole
from benchmarks.load import Run
from benchmarks.results import Conditions
from tests.benchmark_runs import CONDITIONS, RUN


def test_an_interruption_keeps_the_finished_rounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> Iterator[list[Run]]:
        yield [RUN]
        raise KeyboardInterrupt

    monkeypatch.setattr(compare_servers, "rounds", interrupted)
    monkeypatch.setattr(compare_servers, "find_wrk", lambda: "wrk")
    monkeypatch.setattr(Conditions, "here_and_now", lambda *_: CONDITIONS)
    assert compare_servers.main([f"--output={tmp_path / 'kept'}"]) == 1
    assert json.loads((tmp_path / "kept.json").read_text(encoding="utf-8"))["runs"] == [asdict(RUN)]


def test_only_a_whole_measurement_replaces_the_published_results() -> None:
    parser = build_parser()
    assert is_whole(parser.parse_args(["--rounds", "9"]))
    assert not is_whole(parser.parse_args(["--servers", "ours"]))
    assert not is_whole(parser.parse_args(["--connections", "1"]))
