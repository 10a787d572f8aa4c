"""The rows of the table: what is done to the gateway, and how long the slowest answer may take meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.faults.bad_nodes import answer_500, answer_late, bad_node, reset
from benchmarks.faults.clients import PLAN, Part, Pictures, Tally, ask_all
from benchmarks.faults.crowds import CROWD, HELD_OPEN, OVERLOAD, nodes_apart, nothing, overload, slow_clients
from benchmarks.faults.deaths import (
    kill_envoy,
    kill_node,
    kill_worker,
    replaced_certificates_and_nodes,
    restarted_nodes,
    stopped_node,
)
from benchmarks.faults.further_nodes import cut_link, full_disk, missing
from benchmarks.faults.setting import Fault, Setting, every

Ask = Callable[[Setting, Pictures, int], Tally]
"""Sends so many requests; gives what came back."""


def ask_by_plan(setting: Setting, pictures: Pictures, requests: int, plan: Sequence[Part] = PLAN) -> Tally:
    """Clients of every kind, one after the other, each with the same share of the requests."""
    total = Tally()
    for part in plan:
        tally = asyncio.run(ask_all(setting.gateway, pictures, part, requests // len(plan)))
        total.outcomes += tally.outcomes
        total.seconds += tally.seconds
    return total


@dataclass(frozen=True)
class Row:
    """One fault.

    Attributes:
        name: of the table's row.
        slowest_s: how long the slowest answer may take; None for twice the p99 of the row where nothing happens.
        fault: what happens while clients ask.
        loses_held: whether what Envoy held may be lost, because Envoy itself dies.
        ask: how clients ask.
        missing: tells why the fault cannot be made on this machine; None where it can.
    """

    name: str
    slowest_s: float | None
    fault: Fault
    loses_held: bool = False
    ask: Ask = ask_by_plan
    missing: Callable[[], str | None] = lambda: None

    def measured(self, setting: Setting, pictures: Pictures, requests: int) -> Tally:
        """What came back through the fault, which begins once all nodes answer."""
        setting.gateway.wait_until_healthy(setting.nodes)
        with self.fault(setting):
            return self.ask(setting, pictures, requests)


QUIET = Row("nothing", 3, nothing)
ROWS = (
    QUIET,
    Row("a worker killed (SIGKILL), every 5 s", 3, every(5, kill_worker)),
    Row("a node killed, every 10 s once all answer", 3, every(10, kill_node)),
    Row("a node stopped (SIGSTOP) for 20 s", 5, stopped_node),
    Row("a node's link cut for 20 s", 5, cut_link, missing=missing),
    Row("all nodes drained and restarted in turn", 3, restarted_nodes),
    Row("a new certificate and list of nodes, every 2 s", 3, replaced_certificates_and_nodes),
    Row("the gateway killed, every 10 s", 3, every(10, kill_envoy), loses_held=True),
    Row("a node that answers 500 to all but health checks", 5, bad_node(answer_500)),
    Row("a node that resets all but health checks", 5, bad_node(reset)),
    Row("a node that answers all but health checks after 30 s", 5, bad_node(answer_late)),
    Row("the disk of a node's logs full", 3, full_disk, missing=missing),
    Row(f"{CROWD:,} connections, {OVERLOAD} times the load", 5, nodes_apart, ask=overload),
    Row(f"{HELD_OPEN} half-sent requests held open", None, slow_clients),
)
