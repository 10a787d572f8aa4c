"""The options of scripts/versions.py."""

import pytest

from scripts.versions_options import build_parser

COMMANDS = [
    ["list"],
    ["show", "1.0"],
    ["add", "folder"],
    ["check", "1.0"],
    ["promote", "1.0"],
    ["rollback"],
    ["try", "1.0", "--share", "10"],
    ["drop"],
    ["history"],
    ["remove", "1.0"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_json_may_stand_before_the_command_and_behind_it(command: list[str]) -> None:
    parse = build_parser("").parse_args
    assert [parse(arguments).json for arguments in (command, ["--json", *command], [*command, "--json"])] == [
        False,
        True,
        True,
    ]


def test_without_a_command_the_versions_are_listed() -> None:
    assert build_parser("").parse_args(["--json"]).command is None
