"""Writes the results: every run as JSON, medians as a Markdown table, requests per second as a plot."""

import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from io import StringIO
from pathlib import Path

import matplotlib as mpl
import psutil
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.load import Run, find_wrk
from benchmarks.targets import Spread, Verdict, judge
from model.artifacts import write_atomically, write_json
from model.evaluation.speed import machine
from model.locations import ROOT

PACKAGES = ("torchserve", "torch", "pillow", "opencv-python-headless", "numpy")
PEER_PACKAGES = ("fastapi", "uvicorn", "uvloop", "httptools", "flask", "gunicorn", "litserve", "orjson")
# Okabe and Ito (2008)
COLOURS = ("#d55e00", "#e69f00", "#8a9099", "#1c2024", "#0072b2", "#56b4e9", "#009e73", "#a8578a")
MARKERS = "osxD^>vP"

NOTES = """\
Each figure is the median of the rounds, with the lowest and the highest in brackets. A round starts every server once,
one at a time; each round begins with the next server. Memory is the proportional set size (PSS) of all the server's
processes; cores are the processor seconds that they used in a second. wrk runs on the same cores. Requests per second
count answers with a status below 400; errors are other statuses and failed sockets, in all rounds together. Ratios are
taken within each round. The no-op handler does not read the picture: it shows what TorchServe itself costs. The Python
servers run the network optimised for inference, as PyTorch advises. FastAPI also runs it as our handler does, in small
passes fused by oneDNN Graph: this tells the effect of the server from that of how the network is run."""


@dataclass(frozen=True)
class Conditions:
    """Where, when and how it was measured."""

    machine: str
    memory_gb: float
    system: str
    date: str
    commit: str
    seconds: float
    warm_up_s: float
    wrk: str
    versions: Mapping[str, str]

    @classmethod
    def here_and_now(cls, seconds: float, warm_up_s: float) -> "Conditions":
        """Of this machine, with the times that were chosen."""
        return cls(
            machine(),
            round(psutil.virtual_memory().total / 1e9, 1),
            platform.platform(),
            datetime.now(UTC).strftime("%Y-%m-%d"),
            _output_of("git", "-C", str(ROOT), "describe", "--always", "--dirty"),
            seconds,
            warm_up_s,
            " ".join(_output_of(find_wrk(), "-v").split()[1:2]),
            {"python": platform.python_version()} | dict(filter(None, map(_version, PACKAGES + PEER_PACKAGES))),
        )


def write_results(stem: Path, conditions: Conditions, titles: Mapping[str, str], runs: Sequence[Run]) -> str:
    """Write `stem` with the endings .json, .md and .svg; returns the Markdown.

    Args:
        stem: the folder is made where it is missing.
        conditions: of the measurement.
        titles: of the servers, by name, in the order of the table.
        runs: of whole rounds.

    Raises:
        OSError: a file cannot be written.
    """
    stem.parent.mkdir(parents=True, exist_ok=True)
    verdicts = judge(runs)
    picture = stem.with_name(f"{stem.name}.svg")
    text = render(conditions, titles, runs, verdicts, picture.name)
    content = {"conditions": asdict(conditions), "servers": dict(titles), "runs": [asdict(run) for run in runs]}
    content["targets"] = [
        {"figure": one.target.figure, **asdict(one.spread), "target": _bound(one), "is_met": one.is_met}
        for one in verdicts
    ]
    write_json(stem.with_name(f"{stem.name}.json"), content)
    _write(stem.with_name(f"{stem.name}.md"), text)
    _write(picture, plot(titles, runs))
    return text


def render(
    conditions: Conditions,
    titles: Mapping[str, str],
    runs: Sequence[Run],
    verdicts: Sequence[Verdict],
    picture: str,
) -> str:
    """The targets and all medians as Markdown; `picture` is the plot's file beside it."""
    rounds = len({run.round for run in runs})
    versions = ", ".join(f"{name} {value}" for name, value in conditions.versions.items())
    parts = [
        "# Serving, measured",
        f"{conditions.machine}, {conditions.memory_gb:g} GB; {conditions.system}; {conditions.date}, commit "
        f"{conditions.commit}. {rounds} round{'s' * (rounds != 1)}, {conditions.seconds:g} s a run after "
        f"{conditions.warm_up_s:g} s of warming; wrk {conditions.wrk}; {versions}.",
        NOTES,
    ]
    if verdicts:
        parts += ["## Targets", _targets(verdicts)]
    parts.append(f"![Requests per second over connections]({picture})")
    for name in dict.fromkeys(run.input for run in runs):
        parts += [f"## {name}", _medians(titles, [run for run in runs if run.input == name])]
    return "\n\n".join(parts) + "\n"


def _targets(verdicts: Sequence[Verdict]) -> str:
    rows = [("figure", "measured", "target", "met"), ("---",) * 4]
    rows += [(one.target.figure, spread(one.spread, 2), _bound(one), ("no", "yes")[one.is_met]) for one in verdicts]
    return markdown(rows)


def _medians(titles: Mapping[str, str], runs: Sequence[Run]) -> str:
    heads = ("server", "connections", "requests/s", "p50 ms", "p99 ms", "errors", "memory MB", "cores")
    rows: list[Sequence[str]] = [heads, ("---",) * len(heads)]
    for connections in dict.fromkeys(run.connections for run in runs):
        for name, title in titles.items():
            some = [run for run in runs if (run.server, run.connections) == (name, connections)]
            if some:
                rows.append((title, str(connections), *_figures(some)))
    return markdown(rows)


def _figures(runs: Sequence[Run]) -> tuple[str, ...]:
    columns = (("requests_per_s", 0), ("p50_ms", 2), ("p99_ms", 2), ("memory_mb", 0), ("cores", 2))
    speed, p50, p99, memory, cores = (
        spread(Spread.of([getattr(run, name) for run in runs]), digits) for name, digits in columns
    )
    return speed, p50, p99, f"{sum(run.errors for run in runs):,}", memory, cores


def spread(values: Spread, digits: int) -> str:
    """The median, and the range in brackets where there is one."""
    middle, low, high = (f"{value:,.{digits}f}" for value in (values.median, values.low, values.high))
    return middle if low == high else f"{middle} ({low} to {high})"


def _bound(verdict: Verdict) -> str:
    return f"at {'least' if verdict.target.is_least else 'most'} {verdict.target.bound:g}"


def markdown(rows: Sequence[Sequence[str]]) -> str:
    """A table; the first two rows are its head and the rule below it."""
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def plot(titles: Mapping[str, str], runs: Sequence[Run]) -> str:
    """Requests per second over connections as SVG: a panel for each input, a line for each server."""
    inputs = list(dict.fromkeys(run.input for run in runs))
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "serving", "font.size": 10}):
        figure = Figure(figsize=(4.6 * len(inputs), 4.2), layout="constrained", facecolor="white")
        for axes, name in zip(figure.subplots(1, len(inputs), squeeze=False)[0], inputs, strict=True):
            _panel(axes, titles, [run for run in runs if run.input == name])
            axes.set(title=name, xlabel="connections", ylabel="requests per second", ylim=(0, None))
        handles, labels = figure.axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False)
        buffer = StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return buffer.getvalue()


def _panel(axes: Axes, titles: Mapping[str, str], runs: Sequence[Run]) -> None:
    connections = sorted({run.connections for run in runs})
    for number, (name, title) in enumerate(titles.items()):
        own = [run for run in runs if run.server == name]
        if not own:
            continue
        spreads = [Spread.of([run.requests_per_s for run in own if run.connections == n]) for n in connections]
        middle = [one.median for one in spreads]
        reach = [[one.median - one.low for one in spreads], [one.high - one.median for one in spreads]]
        color, marker = COLOURS[number % len(COLOURS)], MARKERS[number % len(MARKERS)]
        axes.errorbar(range(len(connections)), middle, reach, color=color, marker=marker, capsize=3, label=title)
    axes.set_xticks(range(len(connections)), [str(n) for n in connections])
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", alpha=0.3)


def _write(path: Path, text: str) -> None:
    write_atomically(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def _version(package: str) -> tuple[str, str] | None:
    try:
        return package, version(package)
    except PackageNotFoundError:  # TorchServe alone can be measured without the others
        return None


def _output_of(*command: str) -> str:
    """What a program prints; nothing where there is no such program."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"LC_ALL": "C"}, timeout=30)
    except OSError:
        return ""
    return (done.stdout or done.stderr).strip()
