"""The file of the API keys: made, listed, withdrawn, for its owner only."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from serving.gateway.keys import KeyFile, KeyFileError


@pytest.fixture
def keys(tmp_path: Path) -> KeyFile:
    return KeyFile(tmp_path / "state" / "keys.json")


def test_a_key_has_256_random_bits_and_the_scopes_that_were_asked_for(keys: KeyFile) -> None:
    key, other = keys.add("ann", ["teach", "predict"]), keys.add("bob", ["predict"])
    assert len(key.secret) == 43 and key.secret != other.secret  # base64 of 32 bytes
    assert key.scopes == ("predict", "teach")
    assert keys.read() == [key, other]


def test_only_the_owner_can_read_the_file(keys: KeyFile) -> None:
    keys.add("ann", ["predict"])
    assert stat.S_IMODE(keys.path.stat().st_mode) == 0o600


def test_a_file_that_others_can_read_is_refused(keys: KeyFile) -> None:
    keys.add("ann", ["predict"])
    keys.path.chmod(0o640)
    with pytest.raises(KeyFileError, match="chmod 600"):
        keys.read()


def test_a_withdrawn_key_is_gone_and_its_name_free(keys: KeyFile) -> None:
    old = keys.add("ann", ["predict"])
    keys.withdraw("ann")
    assert keys.read() == []
    assert keys.add("ann", ["predict"]).secret != old.secret


def test_keys_made_at_the_same_time_are_all_kept(keys: KeyFile) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda number: keys.add(f"key {number}", ["predict"]), range(24)))
    assert sorted(key.name for key in keys.read()) == sorted(key.name for key in made)


@pytest.mark.parametrize(
    ("name", "scopes", "complaint"),
    [
        ("ann", ["predict"], "there is a key 'ann' already"),
        ("", ["predict"], "1 to 64 printable characters"),
        ("a\nb", ["predict"], "printable characters"),
        ("bob", [], "at least one scope of predict, correct, teach, admin"),
        ("bob", ["read"], "read is not a scope"),
    ],
)
def test_what_cannot_be_made_says_why_and_changes_nothing(
    keys: KeyFile, name: str, scopes: list[str], complaint: str
) -> None:
    key = keys.add("ann", ["predict"])
    with pytest.raises(KeyFileError, match=complaint):
        keys.add(name, scopes)
    assert keys.read() == [key]


def test_an_unknown_name_is_not_withdrawn_and_the_known_ones_are_listed(keys: KeyFile) -> None:
    keys.add("ann", ["predict"])
    with pytest.raises(KeyFileError, match="there is no key 'bob'; there are: 'ann'"):
        keys.withdraw("bob")


@pytest.mark.parametrize("text", ["", "[]", '{"keys": [{"name": "ann"}]}', '{"keys": 7}'])
def test_a_broken_file_says_so(keys: KeyFile, text: str) -> None:
    keys.path.parent.mkdir()
    keys.path.touch(0o600)
    keys.path.write_text(text)
    with pytest.raises(KeyFileError, match="does not hold keys"):
        keys.read()
