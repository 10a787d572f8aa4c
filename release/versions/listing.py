"""The registry in words: tables for people, dictionaries for programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from release.versions.changing import Done
from release.versions.checks import Finding
from release.versions.locations import store_folder
from release.versions.records import Change, Version
from release.versions.registry import Registry

SHOWN_SETS = ("MNIST validation", "pen strokes, canvas", "handwriting fonts")
"""Whose accuracy stands in the list."""


def listed(registry: Registry) -> dict[str, Any]:
    """Everything that `make versions` tells, as it goes into JSON."""
    deployment = registry.deployment()
    return {
        "deployment": asdict(deployment),
        "trial": registry.trial_figures(deployment.change),
        "versions": [as_json(version) for version in registry.versions()],
        "servers": [asdict(server) | {"seen": server.seen.isoformat()} for server in registry.servers()],
    }


def as_json(version: Version) -> dict[str, Any]:
    """A version as it goes into JSON."""
    folder = store_folder() / version.name
    return asdict(version) | {"created": version.created.isoformat(), "folder": str(folder)}


def list_text(content: dict[str, Any]) -> str:
    """What `listed` gives, for people."""
    deployment = content["deployment"]
    trial = deployment["trial"] or {"version": None}
    roles = {deployment["before"]: "way back", trial["version"]: "on trial", deployment["champion"]: "champion"}
    rows = [["version", "", "created", "parent", *SHOWN_SETS]]
    for version in content["versions"]:
        accuracies = [version["metrics"].get(name, {}).get("accuracy") for name in SHOWN_SETS]
        shares = ["-" if accuracy is None else f"{accuracy:.2%}" for accuracy in accuracies]
        name = version["name"]
        rows.append([name, roles.get(name, ""), version["created"][:10], version["parent"] or "-", *shares])
    return "\n".join([table(rows), *_trial_lines(deployment["trial"], content["trial"]), *_server_lines(content)])


def _trial_lines(trial: dict[str, Any] | None, figures: dict[str, Any]) -> list[str]:
    if trial is None:
        return []
    lines = ["", f"On trial: {trial['version']}, which answers {trial['share']} % of the requests."]
    if not figures:
        return [*lines, "No picture was compared yet."]
    lines.append(f"Of {figures['asked']} pictures asked of both, {figures['agreed']} were read alike.")
    rows = [["version", "refused", "failed", "p50", "p99"]]
    for side in (figures["champion"], figures["trial"]):
        times = [f"{side[name]:.1f} ms" if name in side else "-" for name in ("p50_ms", "p99_ms")]
        rows.append([side["version"], str(side["refused"]), str(side["failed"]), *times])
    return [*lines, table(rows)]


def _server_lines(content: dict[str, Any]) -> list[str]:
    wanted = content["deployment"]["change"]
    lines = [
        f"{server['address']}: {server['problem'] or ('serves this' if server['change'] == wanted else 'is changing')}"
        for server in content["servers"]
    ]
    return ["", *(lines or ["No server follows the registry now."])]


def told(done: Done) -> tuple[dict[str, Any], str]:
    """A change that is in force, for programs and for people."""
    deployment = done.deployment
    trial = f"; {deployment.trial.version} is on trial with {deployment.trial.share} %" if deployment.trial else ""
    where = f"served by {done.servers} after {done.seconds:.1f} s" if done.servers else "served from the next start on"
    return asdict(done), f"version {deployment.champion} is champion{trial}; {where}"


def findings_text(findings: Sequence[Finding]) -> str:
    """The rows of a check."""
    rows = [[f.name, f.value, f.bound, "pass" if f.passed else "FAIL"] for f in findings]
    return table([["check", "found", "accepted", ""], *rows])


def history_text(changes: Sequence[Change]) -> str:
    """The latest changes, a line each."""
    rows = [[str(c.number), c.at.isoformat(" ", "seconds"), c.kind, c.version, c.by, c.reason] for c in changes]
    return table([["change", "at", "what", "version", "by", "why"], *rows])


def table(rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as their longest cell."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
