"""Results as Markdown tables, for the terminal, the README and the model card."""

from collections.abc import Mapping, Sequence
from typing import Any

from model.evaluation.metrics import Metrics


def summary(results: Mapping[str, Any]) -> str:
    """All that `metrics.json` holds, in a page of text: the sets, what is refused, corrupted pictures, speed."""
    fields = Metrics.__dataclass_fields__
    metrics = {name: Metrics(**{field: one[field] for field in fields}) for name, one in results["digits"].items()}
    model, speed = results["model"], results["speed"]
    refused = [
        f"refused: {one['refused']:.2%} of {name} ({one['n']:,}; area under the curve {one['auroc']:.4f})"
        for name, one in results["nondigits"].items()
    ]
    times = [
        f"{name}: {one['median_ms']:.3f} ms a picture on one thread of {speed['machine']}"
        for name, one in speed["a_picture"].items()
    ]
    papers = ["", paper_table(results["papers"], by_kind=True)] if "papers" in results else []
    origin = f"{model['name']} {model['version']} from {model['file']}, SHA-256 {model['sha256']}"
    return "\n".join(
        [
            origin,
            "",
            metrics_table(metrics),
            "",
            *refused,
            "",
            corruption_table(results["robustness"]),
            *papers,
            "",
            *times,
        ]
    )


def metrics_table(metrics: Mapping[str, Metrics]) -> str:
    """The sets as rows of a Markdown table."""
    rows = [
        "| set | digits | accuracy (95% interval) | loss | calibration error, 15 bins | refused |",
        "|---|---|---|---|---|---|",
    ]
    for name, one in metrics.items():
        low, high = one.interval
        rows.append(
            f"| {name} | {one.n:,} | {one.accuracy:.2%} ({low:.2%} to {high:.2%}) | {one.loss:.4f} "
            f"| {one.expected_calibration_error:.2%} | {one.refused:.2%} |"
        )
    return "\n".join(rows)


def corruption_table(corrupted: Mapping[str, Any]) -> str:
    """Accuracy under each corruption as rows of a Markdown table."""
    severities = range(max(len(one["amounts"]) for one in corrupted["corruptions"].values()))
    rows = [f"| accuracy at severity (seed {corrupted['seed']}) | {' | '.join(map(str, severities))} |"]
    rows.append("|---|" + "---|" * len(severities))
    for name, one in corrupted["sets"].items():
        for corruption in corrupted["corruptions"]:
            shares = " | ".join(f"{step['accuracy']:.1%}" for step in one[corruption])
            rows.append(f"| {corruption}, {one['n']:,} of {name} | {shares} |")
    return "\n".join(rows)


def paper_table(rows: Mapping[str, Any], *, by_kind: bool = False) -> str:
    """Papers of every kind as rows of a Markdown table, each beside the same digits without the disturbance."""
    heads = ["in the picture", "digits", "plain right", "right (95% interval)", "label right", "refused"]
    heads += ["surely another", "plain surely another", "empty papers refused"]
    lines = [_row(heads), _row(["---"] * len(heads))]
    for name, one in rows.items():
        lines.append(_paper_row(name, one))
        if by_kind:
            lines += [_paper_row(f"- {kind}", shares) for kind, shares in one["kinds"].items()]
    return "\n".join(lines)


def _paper_row(name: str, one: Mapping[str, Any]) -> str:
    plain, disturbed, empty = one["plain"], one["disturbed"], one["empty"]
    low, high = disturbed["interval"]
    right = f"{disturbed['right']:.2%} ({low:.2%} to {high:.2%})"
    shares = [f"{disturbed[key]:.2%}" for key in ("label_right", "refused", "surely_other")]
    refused = f"{empty['refused']:.1%} of {empty['n']:,}"
    return _row(
        [name, f"{disturbed['n']:,}", f"{plain['right']:.2%}", right, *shares, f"{plain['surely_other']:.2%}", refused]
    )


def comparison_table(compared: Mapping[str, Mapping[str, Any]]) -> str:
    """The networks as rows of a Markdown table, smallest first."""
    first = next(iter(compared.values()))
    heads = ["network", "parameters", "ms a picture", "epochs", *first["accuracy"]]
    heads += [f"refused: {name}" for name in first["refused_nondigits"]]
    rows = [_row(heads), _row(["---"] * len(heads))]
    for name, one in sorted(compared.items(), key=lambda item: int(item[1]["parameters"])):
        called = f"`{one['network']}`" + ("" if one["network"] == name else f", {name.replace('_', ' ')}")
        shares = [*one["accuracy"].values(), *one["refused_nondigits"].values()]
        facts = [called, f"{one['parameters']:,}", f"{one['forward_ms']:.3f}", str(one["epochs"])]
        rows.append(_row([*facts, *(f"{share:.2%}" for share in shares)]))
    return "\n".join(rows)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
