"""What is told to the operator from TorchServe's logs, on lines as TorchServe 0.12 writes them."""

from __future__ import annotations

from pathlib import Path

import pytest

from serving.torchserve_log import CONSOLE_LOG, MODEL_LOG, SERVER_LOG, SHOWN_LINES, RunLog, first_traceback

STAMP = "2026-11-20T21:47:01,810"
LOAD_FAILED = f"{STAMP} [WARN ] W-9000-mnist_1.0 org.pytorch.serve.wlm.BatchAggregator - Load model failed: mnist"


def model_line(message: str, worker: int = 9000) -> str:
    return f"{STAMP} [INFO ] W-{worker}-mnist_1.0-stdout MODEL_LOG - {message}"


def traceback_lines(reason: str, worker: int = 9000) -> list[str]:
    messages = [
        f"Failed to load model mnist, exception {reason}",
        "Traceback (most recent call last):",
        '  File "digit_handler.py", line 7, in initialize',
        "    raise RuntimeError",
        f"RuntimeError: {reason}",
        "Backend worker process died.",
        "Traceback (most recent call last):",
        "RuntimeError: 500 - Unknown exception",
    ]
    return [model_line(message, worker) for message in messages]


def append(folder: Path, name: str, lines: list[str]) -> None:
    with (folder / name).open("a") as file:
        file.write("".join(f"{line}\n" for line in lines))


def test_the_workers_own_traceback_is_shown_not_torchserves_wrapper() -> None:
    shown = first_traceback([model_line("Torch worker started."), *traceback_lines("boom")])
    assert shown[0] == "Traceback (most recent call last):"
    assert shown[-1] == "RuntimeError: boom"


def test_two_workers_lines_are_told_apart() -> None:
    pairs = zip(traceback_lines("first"), traceback_lines("second", worker=9001), strict=True)
    shown = first_traceback([line for pair in pairs for line in pair])
    assert shown[-1] == "RuntimeError: first"
    assert not any("second" in line for line in shown)


def test_a_traceback_cut_off_by_torchserve_is_not_shown() -> None:
    assert first_traceback(traceback_lines("boom")[:3]) == []


def test_a_long_traceback_is_cut_to_its_end() -> None:
    frames = [model_line(f'  File "{i}.py", line 1') for i in range(50)]
    shown = first_traceback([model_line("Traceback (most recent call last):"), *frames, model_line("ValueError: end")])
    assert len(shown) == SHOWN_LINES
    assert shown[-1] == "ValueError: end"


def test_an_earlier_runs_failure_is_not_this_ones(tmp_path: Path) -> None:
    append(tmp_path, SERVER_LOG, [LOAD_FAILED])
    append(tmp_path, MODEL_LOG, traceback_lines("old"))
    log = RunLog(tmp_path)
    assert log.load_failure() == []
    append(tmp_path, SERVER_LOG, [LOAD_FAILED])
    append(tmp_path, MODEL_LOG, traceback_lines("new"))
    assert log.load_failure()[-1] == "RuntimeError: new"


def test_a_rotated_log_is_read_from_its_start(tmp_path: Path) -> None:
    append(tmp_path, MODEL_LOG, [model_line("a line of the earlier run that is quite long")])
    log = RunLog(tmp_path)
    (tmp_path / MODEL_LOG).rename(tmp_path / "model_log.1.log")
    append(tmp_path, MODEL_LOG, [model_line("new")])
    assert log.lines(MODEL_LOG) == [model_line("new")]


@pytest.mark.parametrize(("ends", "is_failure"), [(1, False), (2, False), (3, True)])
def test_three_ends_without_a_traceback_are_a_failure(tmp_path: Path, ends: int, is_failure: bool) -> None:
    log = RunLog(tmp_path)
    append(tmp_path, SERVER_LOG, [LOAD_FAILED] * ends)
    assert bool(log.load_failure()) is is_failure


def test_a_failure_that_only_the_workers_log_tells_is_noticed(tmp_path: Path) -> None:
    log = RunLog(tmp_path)
    append(tmp_path, MODEL_LOG, traceback_lines("boom"))
    assert log.load_failure()[-1] == "RuntimeError: boom"


def test_an_archive_that_cannot_be_unpacked_is_a_failure_at_once(tmp_path: Path) -> None:
    log = RunLog(tmp_path)
    append(
        tmp_path, SERVER_LOG, [f"{STAMP} [WARN ] main o.p.s.ModelServer - Failed to load model: mnist.mar", "java.io"]
    )
    assert log.load_failure() == ["Failed to load model: mnist.mar", "java.io"]


def test_the_last_lines_leave_out_what_the_jvm_always_prints(tmp_path: Path) -> None:
    log = RunLog(tmp_path)
    noise = ["NOTE: Picked up JDK_JAVA_OPTIONS: -X", "WARNING: sun.reflect.Reflection is old", "#"]
    append(tmp_path, CONSOLE_LOG, [*noise, "java.io.IOException: Failed to bind"])
    assert log.last_lines() == ["java.io.IOException: Failed to bind"]


def test_no_log_at_all_is_no_failure(tmp_path: Path) -> None:
    log = RunLog(tmp_path / "missing")
    assert (log.load_failure(), log.last_lines()) == ([], [])
