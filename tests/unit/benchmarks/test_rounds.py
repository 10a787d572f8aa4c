"""Who is measured when, and which answers are the same."""

from benchmarks.rounds import is_same, order
from benchmarks.servers import choose


def test_every_round_measures_every_server_and_begins_with_another() -> None:
    servers = [choose(name) for name in ("ours", "noop", "flask")]
    orders = [[server.name for server in order(servers, number)] for number in range(4)]
    assert orders == [
        ["ours", "noop", "flask"],
        ["noop", "flask", "ours"],
        ["flask", "ours", "noop"],
        ["ours", "noop", "flask"],
    ]


def test_answers_are_the_same_up_to_rounding_only() -> None:
    answer = {"label": "7", "confidence": 0.9, "probabilities": {"7": 0.9, "1": 0.1}, "model": "mnist"}
    assert is_same(answer | {"confidence": 0.90005}, answer)
    assert not is_same(answer | {"confidence": 0.91}, answer)
    assert not is_same(answer | {"label": "1"}, answer)
    assert not is_same(answer | {"probabilities": {"7": 0.8, "1": 0.2}}, answer)
    assert not is_same(answer | {"extra": 1}, answer)
