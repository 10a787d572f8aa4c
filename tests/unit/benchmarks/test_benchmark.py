"""The benchmark's own reckoning: what wrk says, who comes first, what is met, and what the table tells."""

import json
import xml.etree.ElementTree as ElementTree
import zipfile
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from PIL import Image

from benchmarks import serving
from benchmarks.inputs import write_inputs
from benchmarks.load import Run, parse
from benchmarks.peers.reading import Reader
from benchmarks.results import Conditions, plot, render
from benchmarks.rounds import is_same, order
from benchmarks.servers import SERVERS, choose
from benchmarks.serving import build_parser, is_whole
from benchmarks.targets import TARGETS, Spread, judge
from benchmarks.torchserve import NOOP_HANDLER, parse_settings, repacked
from model.errors import OperatorError
from release.archive import CONFIG, MANIFEST, build_archive

RUN = Run(1, "ours", "28x28", 64, 1000, 1000.0, 2.0, 6.0, 9.0, 0, 500.0, 1.5, 0.3)
CONDITIONS = Conditions("a processor, 2 cores", 8.0, "Linux", "2024-05-01", "abc", 5.0, 5.0, "4.1", {"python": "3.11"})
TITLES = {"ours": "our server", "fastapi": "theirs"}


def test_what_wrk_measured_is_read_from_the_scripts_line() -> None:
    line = '{"requests": 300, "microseconds": 2000000, "p50_us": 1500, "p99_us": 9000, "max_us": 20000'
    assert parse(f"Running 2s test\n{line}, " + '"statuses": 2, "sockets": 1}\n') == {
        "requests": 300,
        "requests_per_s": 149.0,
        "p50_ms": 1.5,
        "p99_ms": 9.0,
        "max_ms": 20.0,
        "errors": 3,
    }


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("unable to connect", "wrk said nothing .*unable to connect"),
        ('{"requests": 0, "sockets": 7}', r"no request was answered \(7 sockets failed\)"),
    ],
)
def test_a_run_that_measured_nothing_is_an_error(output: str, message: str) -> None:
    with pytest.raises(OperatorError, match=message):
        parse(output)


def test_every_round_measures_every_server_and_begins_with_another() -> None:
    servers = [choose(name) for name in ("ours", "noop", "flask")]
    orders = [[server.name for server in order(servers, number)] for number in range(4)]
    assert orders == [
        ["ours", "noop", "flask"],
        ["noop", "flask", "ours"],
        ["flask", "ours", "noop"],
        ["ours", "noop", "flask"],
    ]


def test_ratios_are_taken_within_a_round_against_its_best_peer() -> None:
    speeds = {"fastapi": (500.0, 100.0), "flask": (250.0, 400.0), "litserve": (100.0, 100.0)}
    runs = [replace(RUN, round=number, requests_per_s=1000.0) for number in (1, 2)]
    for name, (first, second) in speeds.items():
        runs += [replace(RUN, server=name, requests_per_s=first)]
        runs += [replace(RUN, server=name, round=2, requests_per_s=second)]
    [verdict] = judge(runs)
    assert verdict.target.figure == "28x28, 64 connections, ours / best Python peer"
    assert verdict.spread == Spread(2.25, 2.0, 2.5)
    assert not verdict.is_met


def test_a_single_error_in_any_round_misses_the_target() -> None:
    runs = [replace(RUN, round=number, connections=256, errors=errors) for number, errors in ((1, 0), (2, 1), (3, 0))]
    tail, errors = judge(runs)
    assert (tail.spread.median, tail.is_met) == (3.0, True)
    assert (errors.spread, errors.is_met) == (Spread(0, 0, 1), False)


def test_all_targets_are_judged_where_everything_was_measured() -> None:
    cells = {(target.input, target.connections) for target in TARGETS}
    runs = [replace(RUN, server=name, input=cell[0], connections=cell[1]) for name in SERVERS for cell in cells]
    assert [verdict.target for verdict in judge(runs)] == list(TARGETS)


def test_the_table_tells_medians_spreads_and_whether_targets_are_met() -> None:
    ours = [replace(RUN, round=n, connections=256, requests_per_s=speed) for n, speed in ((1, 900.0), (2, 1100.0))]
    runs = [*ours, replace(RUN, server="fastapi", connections=256)]
    text = render(CONDITIONS, TITLES, runs, judge(runs), "serving.svg")
    assert "| 28x28, 256 connections, ours, p99 / p50 | 3.00 | at most 5 | yes |" in text
    assert "| our server | 256 | 1,000 (900 to 1,100) | 2.00 | 6.00 | 0 | 500 | 1.50 |" in text
    assert "| theirs | 256 |" in text
    assert "a processor, 2 cores, 8 GB; Linux; 2024-05-01, commit abc. 2 rounds, 5 s a run" in text
    assert "(serving.svg)" in text


def test_the_plot_is_svg_that_names_the_servers() -> None:
    runs = [replace(RUN, server=name, connections=n) for name in TITLES for n in (1, 64)]
    text = plot(TITLES, runs)
    assert ElementTree.fromstring(text).tag.endswith("svg")  # noqa: S314 - our own
    assert all(title in text for title in TITLES.values())


def test_a_server_takes_settings_by_the_names_of_their_files() -> None:
    server = choose("ours:batchSize=16,metrics_mode=log")
    assert server.title == "ours, batchSize=16, metrics_mode=log"
    assert parse_settings("batchSize=16,metrics_mode=log") == {"batchSize": "16", "metrics_mode": "log"}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nginx", "there is no server 'nginx'; accepted are ours,"),
        ("ours:batch_size=16", "'batch_size=16' is no setting; .*batchSize"),
        ("ours:batchSize", "'batchSize' is no setting"),
        ("flask:workers=4", "flask takes no settings"),
    ],
)
def test_an_unknown_server_or_setting_is_named_with_those_that_are_known(name: str, message: str) -> None:
    with pytest.raises(OperatorError, match=message):
        choose(name)


def test_another_handler_or_other_settings_are_packed_into_a_copy_of_the_archive(tmp_path: Path) -> None:
    archive = build_archive(tmp_path / "mnist.mar")
    noop = NOOP_HANDLER.read_text(encoding="utf-8")
    copy = repacked(archive, {"digit_handler.py": noop, CONFIG.name: None}, tmp_path / "copy.mar")
    with zipfile.ZipFile(archive) as old, zipfile.ZipFile(copy) as new:
        assert set(old.namelist()) - set(new.namelist()) == {CONFIG.name}
        assert new.read("digit_handler.py").decode() == noop
        assert new.read("mnist.pt") == old.read("mnist.pt")
        assert CONFIG.name in old.read(MANIFEST).decode()
        assert CONFIG.name not in new.read(MANIFEST).decode()


def test_both_pictures_are_what_they_are_called_and_read_as_the_same_digit(tmp_path: Path) -> None:
    paths = write_inputs(tmp_path)
    with Image.open(paths["28x28"]) as grey, Image.open(paths["canvas"]) as canvas:
        assert (grey.mode, grey.size) == ("L", (28, 28))
        assert (canvas.mode, canvas.size, canvas.getpixel((0, 0))) == ("RGBA", (280, 280), (0, 0, 0, 0))
    reader = Reader()
    assert {reader.read(path.read_bytes())["label"] for path in paths.values()} == {"7"}


def test_answers_are_the_same_up_to_rounding_only() -> None:
    answer = {"label": "7", "confidence": 0.9, "probabilities": {"7": 0.9, "1": 0.1}, "model": "mnist"}
    assert is_same(answer | {"confidence": 0.90005}, answer)
    assert not is_same(answer | {"confidence": 0.91}, answer)
    assert not is_same(answer | {"label": "1"}, answer)
    assert not is_same(answer | {"probabilities": {"7": 0.8, "1": 0.2}}, answer)
    assert not is_same(answer | {"extra": 1}, answer)


def test_an_interruption_keeps_the_finished_rounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> Iterator[list[Run]]:
        yield [RUN]
        raise KeyboardInterrupt

    monkeypatch.setattr(serving, "rounds", interrupted)
    monkeypatch.setattr(serving, "find_wrk", lambda: "wrk")
    monkeypatch.setattr(Conditions, "here_and_now", lambda *_: CONDITIONS)
    assert serving.main([f"--output={tmp_path / 'kept'}"]) == 1
    assert json.loads((tmp_path / "kept.json").read_text(encoding="utf-8"))["runs"] == [asdict(RUN)]


def test_only_a_whole_measurement_replaces_the_published_results() -> None:
    parser = build_parser()
    assert is_whole(parser.parse_args(["--rounds", "9"]))
    assert not is_whole(parser.parse_args(["--servers", "ours"]))
    assert not is_whole(parser.parse_args(["--connections", "1"]))
