"""Who may ask the service what, how it answers, and that every error has one shape."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import requests

from learner.corrections import Corrections
from learner.jobs.queue import CANCELLED, FAILED, REFUSED, Queue
from learner.service.application import application
from learner.service.guards import MAX_BODY_BYTES, Doors, Keys
from learner.service.parts import Parts
from model.preprocessing.decoding import decode_picture
from release.versions.database import Database
from release.versions.registry import Registry
from serving.gateway.keys import SCOPES, KeyFile
from serving.uvicorn_settings import listen
from serving.uvicorn_thread import BACKLOG, UvicornThread
from tests.unit.learner.conftest import correction

ORIGIN = "http://127.0.0.1:8000"
TIMEOUT_S = 20


@pytest.fixture
def keys(state: Path) -> KeyFile:
    """A key for each scope, of that name, and one for all."""
    file = KeyFile(state / "keys.json")
    for scope in SCOPES:
        file.add(scope, [scope])
    file.add("all", SCOPES)
    return file


@pytest.fixture
def notes() -> list[str]:
    return []


@pytest.fixture
def promotes() -> bool:
    return True


class Client:
    """Asks the service over HTTP."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}"
        self._session = requests.Session()

    def request(self, method: str, path: str, **arguments: Any) -> requests.Response:
        return self._session.request(method, self._url + path, timeout=TIMEOUT_S, **arguments)

    def get(self, path: str, **arguments: Any) -> requests.Response:
        return self.request("GET", path, **arguments)

    def post(self, path: str, **arguments: Any) -> requests.Response:
        return self.request("POST", path, **arguments)

    def delete(self, path: str, **arguments: Any) -> requests.Response:
        return self.request("DELETE", path, **arguments)


@pytest.fixture
def client(database: str, opened: Database, keys: KeyFile, notes: list[str], promotes: bool) -> Iterator[Client]:
    with closing(Registry.open()) as registry:
        parts = Parts(Corrections(opened), Queue(opened), registry, promotes)
        app = application(parts, Doors([ORIGIN]), Keys(keys), notes.append)
        listening = listen("127.0.0.1", 0, BACKLOG)
        server = UvicornThread(listening, app)
        server.start("learner")
        yield Client(listening.getsockname()[1])
        server.stop()


@pytest.fixture
def headers(keys: KeyFile) -> dict[str, str]:
    return header_of(keys, "all")


def header_of(keys: KeyFile, name: str) -> dict[str, str]:
    [secret] = [key.secret for key in keys.read() if key.name == name]
    return {"Authorization": f"Bearer {secret}"}


def sent(digit: int, **changes: object) -> dict[str, object]:
    one = correction(digit)
    return {"image": base64.b64encode(one.picture).decode(), "label": one.label, "strokes": one.strokes} | changes


CALLS = [
    ("correct", "POST", "/corrections", [sent(3)]),
    ("admin", "GET", "/corrections", None),
    ("admin", "GET", "/corrections/export", None),
    ("admin", "GET", "/corrections/x", None),
    ("admin", "GET", "/corrections/x/picture", None),
    ("admin", "DELETE", "/corrections", None),
    ("teach", "POST", "/retrain", None),
    ("teach", "GET", "/jobs", None),
    ("teach", "GET", "/jobs/7", None),
    ("teach", "GET", "/jobs/7/events", None),
    ("teach", "DELETE", "/jobs/7", None),
    ("teach", "GET", "/versions", None),
    ("admin", "POST", "/promote", {"version": "7"}),
    ("teach", "POST", "/rollback", None),
    ("teach", "GET", "/metrics", None),
]


@pytest.mark.parametrize("database", ["SQLite"], indirect=True)
def test_each_call_needs_a_key_of_its_scope(client: Client, keys: KeyFile) -> None:
    for scope, method, path, body in CALLS:
        for name, expected in [(None, {401}), *[(other, {403}) for other in SCOPES if other != scope]]:
            header = header_of(keys, name) if name else {}
            answer = client.request(method, path, json=body, headers=header)
            assert answer.status_code in expected, (method, path, name)
        answer = client.request(method, path, json=body, headers=header_of(keys, scope))
        assert answer.status_code not in (401, 403, 500), (method, path, answer.text)
    assert client.get("/health/ready").json() == {"ready": True}
    assert client.get("/corrections").headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("database", ["SQLite"], indirect=True)
def test_keys_are_taken_over_and_withdrawn_while_it_runs(client: Client, keys: KeyFile) -> None:
    secret = keys.add("ann", ["correct"]).secret
    header = {"Authorization": f"Bearer {secret}"}
    assert client.post("/corrections", json=[sent(3)], headers=header).status_code == 201
    keys.withdraw("ann")
    assert client.post("/corrections", json=[sent(3)], headers=header).status_code == 401
    keys.path.chmod(0o644)
    keys.path.write_text(keys.path.read_text() + " ")
    assert client.post("/corrections", json=[sent(3)], headers=header).status_code == 503


@pytest.mark.parametrize("database", ["SQLite"], indirect=True)
@pytest.mark.parametrize(
    ("header", "status", "words"),
    [
        ({"Host": "evil.example"}, 403, "not asked under the host 'evil.example'"),
        ({"Origin": "https://evil.example"}, 403, "pages of https://evil.example may not ask"),
        ({"Origin": "null"}, 403, "pages of null may not ask"),
        ({"Content-Type": "text/plain"}, 415, "text/plain; accepted is application/json"),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415, "accepted is application/json"),
    ],
)
def test_what_another_website_could_send_is_refused(
    client: Client, headers: dict[str, str], header: dict[str, str], status: int, words: str
) -> None:
    answer = client.post("/corrections", data=json.dumps([sent(3)]), headers=headers | header)
    assert_error(answer, status, words)
    assert (
        "access-control-allow-origin" not in answer.headers or answer.headers["access-control-allow-origin"] == ORIGIN
    )
    assert client.get("/corrections", headers=headers).json()["count"] == 0


@pytest.mark.parametrize("database", ["SQLite"], indirect=True)
def test_the_pages_own_scripts_may_ask(client: Client, headers: dict[str, str]) -> None:
    preflight = client.request(
        "OPTIONS",
        "/corrections",
        headers={
            "Origin": ORIGIN,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,content-type",
        },
    )
    assert (preflight.status_code, preflight.headers["access-control-allow-origin"]) == (200, ORIGIN)
    answer = client.post("/corrections", json=[sent(3)], headers=headers | {"Origin": ORIGIN})
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (201, ORIGIN)


def test_corrections_are_sent_once_shown_exported_taken_in_and_erased(client: Client, headers: dict[str, str]) -> None:
    body = [sent(3, answer="8", confidence=0.6, version="1.0"), sent(4, label="none")]
    ids = client.post("/corrections", json=body, headers=headers).json()["ids"]
    assert client.post("/corrections", json=body[::-1], headers=headers).json()["ids"] == ids[::-1]
    listed = client.get("/corrections", headers=headers).json()
    assert (listed["count"], {one["id"] for one in listed["corrections"]}) == (2, set(ids))
    shown = client.get(f"/corrections/{ids[0]}", headers=headers).json()
    assert (shown["label"], shown["answer"], shown["confidence"], shown["by"]) == ("3", "8", 0.6, "all")
    picture = client.get(f"/corrections/{ids[0]}/picture", headers=headers)
    assert picture.headers["content-type"] == "image/png"
    assert decode_picture(picture.content).size == decode_picture(correction(3).picture).size
    export = client.get("/corrections/export", headers=headers).content
    assert client.delete("/corrections", headers=headers).json() == {"erased": 2}
    zipped = headers | {"Content-Type": "application/zip"}
    assert set(client.post("/corrections/import", data=export, headers=zipped).json()["ids"]) == set(ids)
    assert client.delete(f"/corrections/{ids[1]}", headers=headers).json() == {"erased": 1}
    assert_error(client.delete(f"/corrections/{ids[1]}", headers=headers), 404, "there is no correction")
    assert_error(client.post("/corrections/import", data=b"no zip", headers=zipped), 422, "zip file")


@pytest.mark.parametrize("database", ["SQLite"], indirect=True)
@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ("{", 400, "JSON"),
        ([], 422, "at least 1"),
        ([sent(3)] * 201, 422, "at most 200"),
        ({"image": ""}, 422, "list"),
        ([{"label": "3"}], 422, "image"),
        ([sent(3, label="x")], 422, "accepted are 0, 1, 2"),
        ([sent(3, image="%%%")], 400, "not base64"),
        ([sent(3, image="aGVsbG8=")], 415, "not a picture"),
        ([sent(3, confidence=7)], 422, "confidence"),
        ([sent(3, unknown=1)], 422, "unknown"),
        ([sent(3, strokes=[{"points": 7}])], 422, "strokes"),
        ([sent(3), sent(4, label="x")], 422, "accepted are"),
    ],
)
def test_a_bad_correction_is_refused_in_words_and_none_of_its_request_is_kept(
    client: Client, headers: dict[str, str], body: Any, status: int, words: str
) -> None:
    content = body if isinstance(body, str) else json.dumps(body)
    kind = {"Content-Type": "application/json"}
    assert_error(client.post("/corrections", data=content, headers=headers | kind), status, words)
    assert client.get("/corrections", headers=headers).json()["count"] == 0


@pytest.mark.parametrize("database", ["SQLite"], indirect=True)
def test_a_key_takes_back_what_it_has_sent_and_nothing_else(client: Client, keys: KeyFile) -> None:
    keys.add("ann", ["correct"])
    [mine] = client.post("/corrections", json=[sent(3)], headers=header_of(keys, "ann")).json()["ids"]
    [other] = client.post("/corrections", json=[sent(4)], headers=header_of(keys, "correct")).json()["ids"]
    assert client.delete(f"/corrections/{mine}", headers=header_of(keys, "teach")).status_code == 403
    refused = client.delete(f"/corrections/{other}", headers=header_of(keys, "ann"))
    assert (refused.status_code, "has not sent this correction" in refused.json()["message"]) == (403, True)
    assert client.delete(f"/corrections/{mine}", headers=header_of(keys, "ann")).json() == {"erased": 1}
    assert client.delete(f"/corrections/{other}", headers=header_of(keys, "admin")).json() == {"erased": 1}


def test_a_body_that_is_too_large_is_refused(client: Client, headers: dict[str, str]) -> None:
    content = b"[" + b" " * MAX_BODY_BYTES + b"]"
    answer = client.post("/corrections", data=content, headers=headers | {"Content-Type": "application/json"})
    assert_error(answer, 413, f"more than the {MAX_BODY_BYTES:,} bytes")


def test_a_teaching_is_asked_for_watched_and_cancelled(client: Client, headers: dict[str, str]) -> None:
    assert_error(client.post("/retrain", headers=headers), 409, "nothing to learn from yet")
    client.post("/corrections", json=[sent(3)], headers=headers)
    asked = client.post("/retrain", json={"full": True}, headers=headers)
    assert asked.status_code == 202
    number = asked.json()["job"]
    shown = client.get(f"/jobs/{number}", headers=headers).json()
    assert (shown["state"], shown["full"], shown["promote"], shown["by"]) == ("queued", True, True, "all")
    assert client.delete(f"/jobs/{number}", headers=headers).json()["state"] == CANCELLED
    events = client.get(f"/jobs/{number}/events", headers=headers)
    assert events.headers["content-type"].startswith("text/event-stream")
    [data] = [line for line in events.text.splitlines() if line.startswith("data: ")]
    assert json.loads(data.removeprefix("data: "))["state"] == CANCELLED
    assert [job["job"] for job in client.get("/jobs", headers=headers).json()] == [number]
    assert_error(client.get("/jobs/99", headers=headers), 404, "there is no job 99")
    assert_error(client.get("/jobs/99/events", headers=headers), 404, "there is no job 99")


@pytest.mark.parametrize("database", ["SQLite"], indirect=True)
@pytest.mark.parametrize("promotes", [False])
def test_where_a_person_promotes_only_an_admin_can_let_a_job_do_it(client: Client, keys: KeyFile) -> None:
    client.post("/corrections", json=[sent(3)], headers=header_of(keys, "correct"))
    teach = header_of(keys, "teach")
    assert_error(client.post("/retrain", json={"promote": True}, headers=teach), 403, "may teach, but not promote")
    number = client.post("/retrain", headers=teach).json()["job"]
    assert client.get(f"/jobs/{number}", headers=teach).json()["promote"] is False


@pytest.mark.parametrize("database", ["SQLite"], indirect=True)
def test_versions_are_listed_and_what_cannot_be_promoted_is_told(client: Client, headers: dict[str, str]) -> None:
    listed = client.get("/versions", headers=headers).json()
    assert [version["name"] for version in listed["versions"]] == ["1.0"]
    assert_error(client.post("/promote", json={"version": "7"}, headers=headers), 409, "there is no version '7'")
    assert_error(client.post("/rollback", headers=headers), 409, "no champion before version 1.0")


def test_prometheus_reads_corrections_jobs_failures_and_the_champion(
    client: Client, headers: dict[str, str], opened: Database
) -> None:
    client.post("/corrections", json=[sent(3), sent(4)], headers=headers)
    queue = Queue(opened)
    for state, rows in [
        (REFUSED, [{"name": "MNIST", "passed": False}, {"name": "pens", "passed": True}]),
        (FAILED, []),
    ]:
        queue.ask("ann", is_full=False, promotes=True)
        job = queue.claim()
        assert job is not None
        queue.end(job, state, "", {"rows": rows})
    text = client.get("/metrics", headers=headers).text
    for line in (
        "learner_corrections 2.0",
        'learner_jobs_total{end="refused"} 1.0',
        'learner_jobs_total{end="failed"} 1.0',
        'learner_gate_failures_total{row="MNIST"} 1.0',
        'learner_champion{version="1.0"} 1.0',
    ):
        assert line in text
    assert 'row="pens"' not in text


@pytest.mark.parametrize("database", ["SQLite"], indirect=True)
def test_a_database_that_fails_is_told_with_when_to_ask_again(
    client: Client, headers: dict[str, str], opened: Database, notes: list[str]
) -> None:
    with opened.writing() as session:
        session.connection().exec_driver_sql("ALTER TABLE corrections RENAME TO gone")
    for answer in (client.post("/corrections", json=[sent(3)], headers=headers), client.get("/health/ready")):
        assert_error(answer, 503, "nothing was changed, ask again")
        assert answer.headers["retry-after"] == "2"
    assert "corrections" in notes[0]


def test_other_paths_and_methods_are_told(client: Client, headers: dict[str, str]) -> None:
    assert_error(client.get("/nothing", headers=headers), 404, "GET /openapi.json tells what is")
    assert_error(client.request("PUT", "/corrections", json=[], headers=headers), 405, "PUT /corrections is not known")
    paths = client.get("/openapi.json", headers=headers).json()["paths"]
    assert {"/corrections", "/retrain", "/jobs/{number}/events", "/promote"} <= paths.keys()


def assert_error(answer: Any, status: int, words: str) -> None:
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert body.keys() == {"code", "type", "message"}
    assert body["code"] == status
    assert words in body["message"]
