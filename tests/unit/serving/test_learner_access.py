"""The page's own key of a learner."""

from pathlib import Path

from serving.gateway.keys import KeyFile
from serving.learner_access import PAGE_KEY, access_with_key


def test_the_pages_key_is_made_once_and_may_correct_and_teach_alone(tmp_path: Path) -> None:
    keys = KeyFile(tmp_path / "keys.json")
    first = access_with_key("http://127.0.0.1:8090", keys)
    assert access_with_key("http://127.0.0.1:8090", keys) == first
    [key] = keys.read()
    assert (key.name, key.scopes, key.secret) == (PAGE_KEY, ("correct", "teach"), first.token)
