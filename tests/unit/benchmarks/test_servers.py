"""Servers by their names on the command line."""

import pytest

from benchmarks.servers import choose
from benchmarks.torchserve import parse_settings
from model.errors import OperatorError


def test_a_server_takes_settings_by_the_names_of_their_files() -> None:
    server = choose("ours:batchSize=16,metrics_mode=log")
    assert server.title == "ours, batchSize=16, metrics_mode=log"
    assert parse_settings("batchSize=16,metrics_mode=log") == {"batchSize": "16", "metrics_mode": "log"}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nginx", "there is no server 'nginx'; accepted are ours,"),
        ("ours:batch_size=16", "'batch_size=16' is not a setting; .*batchSize"),
        ("ours:batchSize", "'batchSize' is not a setting"),
        ("flask:workers=4", "flask takes no settings"),
    ],
)
def test_an_unknown_server_or_setting_is_named_with_those_that_are_known(name: str, message: str) -> None:
    with pytest.raises(OperatorError, match=message):
        choose(name)
