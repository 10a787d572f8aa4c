"""Draws the plots of the report as SVG that follows the reader's light or dark theme.

Each is a small panel that a phone shows at full size; the report sets them side by side where there is room. Colours
are those of Okabe and Ito (2008), which colour-blind readers tell apart, lightened where the background is dark.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import StringIO
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator, PercentFormatter

# matplotlib draws in the light colours, and they become variables of the SVG's own style sheet.
THEME = {"ink": ("#1c2024", "#e6e8ea"), "faint": ("#8a9099", "#7d848c"), "blue": ("#0072b2", "#56b4e9")}
THEME |= {"orange": ("#d55e00", "#f0924c"), "green": ("#009e73", "#35c79c"), "purple": ("#a8578a", "#d996c0")}
INK, FAINT, BLUE, ORANGE, GREEN, PURPLE = (light for light, _ in THEME.values())
SERIES = ((BLUE, "o", "-"), (ORANGE, "s", "--"), (GREEN, "^", ":"), (PURPLE, "D", "-."))
PANEL = (3.9, 2.9)  # inches; 280 px high on a screen

_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "report",
    "font.size": 10,
    "axes.titlesize": 10.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": FAINT,
    "grid.alpha": 0.3,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "lines.linewidth": 1.6,
    "lines.markersize": 4.5,
    "savefig.transparent": True,
} | dict.fromkeys(("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color"), INK)


class Panel:
    """One plot under way: `axes` to draw on, then its `svg`."""

    axes: Axes
    svg: str


@contextmanager
def _panel(size: tuple[float, float] = PANEL) -> Iterator[Panel]:
    with mpl.rc_context(_STYLE):
        panel = Panel()
        figure = Figure(figsize=size, layout="constrained")
        panel.axes = figure.subplots()
        yield panel
        panel.svg = _svg(figure)


def _svg(figure: Figure) -> str:
    buffer = StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :].replace("'DejaVu Sans'", "system-ui")
    for name, (light, _) in THEME.items():
        svg = svg.replace(light, f"var(--{name})")
    light_theme, dark_theme = (";".join(f"--{name}:{both[i]}" for name, both in THEME.items()) for i in (0, 1))
    style = f"<style>:root{{{light_theme}}}@media(prefers-color-scheme:dark){{:root{{{dark_theme}}}}}</style>"
    end_of_tag = svg.index(">") + 1
    return svg[:end_of_tag] + style + svg[end_of_tag:]


def accuracies(digits: Mapping[str, Mapping[str, Any]]) -> str:
    """A point with its 95% interval for each set."""
    with _panel((4.6, 0.75 + 0.36 * len(digits))) as panel:
        for row, one in enumerate(digits.values()):
            low, high = one["interval"]
            errors = [[one["accuracy"] - low], [high - one["accuracy"]]]
            panel.axes.errorbar(one["accuracy"], row, xerr=errors, fmt="o", color=BLUE, capsize=3, linewidth=1.6)
        panel.axes.set_yticks(range(len(digits)), list(digits))
        panel.axes.set(ylim=(len(digits) - 0.5, -0.5), xlabel="accuracy, with its 95% interval")
        panel.axes.set_xlim(right=1)
        panel.axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=1))
        panel.axes.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
        panel.axes.grid(visible=False, axis="y")
    return panel.svg


def reliability(bins: Sequence[Mapping[str, float]], width: float) -> str:
    """Accuracy with its interval over confidence, bin by bin, beside the diagonal of perfect calibration."""
    n = sum(one["n"] for one in bins)
    with _panel() as panel:
        axes = panel.axes
        axes.plot((0, 1), (0, 1), color=FAINT, linestyle="--", linewidth=1)
        for one in bins:
            errors = [[max(0.0, one["accuracy"] - one["low"])], [max(0.0, one["high"] - one["accuracy"])]]
            axes.errorbar(one["confidence"], one["accuracy"], yerr=errors, fmt="none", ecolor=BLUE, linewidth=1.2)
            area = 14 + 110 * (one["n"] / n) ** 0.5
            axes.scatter(one["confidence"], one["accuracy"], s=area, color=BLUE, alpha=0.85, zorder=3)
        axes.set_xticks([i * width * 3 for i in range(round(1 / width) // 3 + 1)])
        axes.set(xlim=(-0.02, 1.04), ylim=(-0.02, 1.06), xlabel="mean confidence in the bin", ylabel="accuracy")
        axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    return panel.svg


def robustness(unit: str, amounts: Sequence[float], sets: Mapping[str, Sequence[Mapping[str, float]]]) -> str:
    """Accuracy (filled) and share refused (hollow) along the amounts of one corruption, a line for each set."""
    severities = range(len(amounts))
    with _panel() as panel:
        for (name, results), (color, marker, line) in zip(sets.items(), SERIES, strict=False):
            read, refused = ([one[key] for one in results] for key in ("accuracy", "refused"))
            panel.axes.plot(severities, read, color=color, marker=marker, linestyle=line, label=name)
            panel.axes.plot(
                severities, refused, color=color, marker=marker, markerfacecolor="none", linestyle=line, linewidth=0.9
            )
        panel.axes.set(xlabel=unit, ylim=(-0.03, 1.03))
        panel.axes.set_xticks(severities, [f"{amount:g}" for amount in amounts])
        panel.axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        panel.axes.legend(loc="center left", bbox_to_anchor=(0, 0.5))
    return panel.svg


def refusals(nondigits: Mapping[str, Mapping[str, Any]]) -> str:
    """Share of non-digits refused against share of digits refused, over all thresholds."""
    with _panel((4.4, 3.4)) as panel:
        axes, lowest = panel.axes, 1.0
        for (name, one), (color, marker, line) in zip(nondigits.items(), SERIES, strict=False):
            curve = one["curve"]
            axes.plot(curve["digits_refused"], curve["refused"], color=color, linestyle=line, label=name)
            axes.plot(one["digits_refused"], one["refused"], color=color, marker=marker, markersize=8)
            lowest = min(lowest, *curve["refused"])
        axes.set_xscale("log")
        axes.set(xlim=(1e-3, 1), ylim=(max(0.0, lowest - 0.05), 1.01))
        axes.set(xlabel="true digits refused", ylabel="not digits, refused")
        axes.xaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:g}%"))
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        axes.legend(loc="lower right")
    return panel.svg


def class_counts(counts: Sequence[int], labels: Sequence[str]) -> str:
    """Bars of how many digits there are of each class."""
    with _panel((3.9, 1.9)) as panel:
        panel.axes.bar(labels, counts, color=BLUE, width=0.7)
        panel.axes.grid(visible=False, axis="x")
        panel.axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
        panel.axes.yaxis.set_major_formatter(FuncFormatter(lambda count, _: f"{count:,.0f}"))
    return panel.svg


def history(
    epochs: Sequence[float], lines: Mapping[str, Sequence[float]], best_epoch: int | None, *, how: str = "linear"
) -> str:
    """Lines over the epochs of a training, and a mark at the epoch that was chosen.

    Args:
        epochs: their numbers.
        lines: a value for each epoch, by the name of the line.
        best_epoch: the one that was released, if known.
        how: `linear`, `log` or `percent`, of the values.
    """
    with _panel() as panel:
        for (name, values), (color, _, line) in zip(lines.items(), SERIES, strict=False):
            marker = "o" if len(epochs) < 3 else ""
            panel.axes.plot(epochs, values, color=color, linestyle=line, marker=marker, label=name)
        if best_epoch is not None:
            panel.axes.axvline(best_epoch, color=FAINT, linewidth=1, linestyle=":", label=f"released, {best_epoch}")
        panel.axes.set(xlabel="epoch", yscale="log" if how == "log" else "linear")
        panel.axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))
        if how == "percent":
            panel.axes.yaxis.set_major_formatter(PercentFormatter(1))
        if how == "log":
            panel.axes.yaxis.set_major_locator(LogLocator(10, subs=(1, 2, 5)))
            panel.axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            panel.axes.yaxis.set_minor_locator(NullLocator())
        panel.axes.legend()
    return panel.svg
