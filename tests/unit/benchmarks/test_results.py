"""What the table and the plot show."""

import xml.etree.ElementTree as ElementTree
from dataclasses import replace

from benchmarks.results import plot, render
from benchmarks.targets import judge
from tests.benchmark_runs import CONDITIONS, RUN

TITLES = {"ours": "our server", "fastapi": "theirs"}


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
