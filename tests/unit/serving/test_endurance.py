"""What an endurance run sends, counts and concludes, against a small server of the test's own."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import psutil
import pytest

from serving.endurance import PLAIN_PICTURES, Endurance, Usage, growth, shares, trials
from serving.settings import SAMPLE


class Answering(BaseHTTPRequestHandler):
    """One worker; 200 for a picture file, 400 for JSON and 415 for the rest, right or wrong."""

    protocol_version = "HTTP/1.1"
    asked: Counter[str]
    worker = os.getpid()

    def do_GET(self) -> None:
        self._answer(200, json.dumps([{"workers": [{"pid": self.worker}]}]).encode())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.asked[self.path] += 1
        self._answer(200 if body.startswith(b"\x89PNG") else 400 if body.startswith(b"{") else 415, b"{}")

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


@pytest.fixture
def url() -> Iterator[str]:
    Answering.asked = Counter()
    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_every_request_is_sent_and_wrong_statuses_are_counted(url: str) -> None:
    endurance = Endurance(url, url, clients=2)
    cycle = len(trials(SAMPLE.read_bytes()))
    endurance.run(2 * cycle)
    assert Answering.asked == {"/predictions/mnist": 2 * (cycle - 1), "/explanations/mnist": 2}
    assert endurance.wrong == 2 * 4  # three formats of JSON, and half a picture


# Python in the places of the launcher, of the JVM, of the fork server and of a worker, which says who it is.
WORKER = [sys.executable, "-c", "import os, time; print(os.getpid(), flush=True); time.sleep(60)"]
PARENT = "import subprocess, sys; subprocess.run(sys.argv[2:])"
JVM = [sys.executable, "-c", PARENT, "org.pytorch.serve.ModelServer"]
FORK_SERVER = [sys.executable, "-c", PARENT, "fork_server.py"]
BOTH = "import subprocess, sys; subprocess.Popen(sys.argv[1:7]); subprocess.run(sys.argv[7:])"


@pytest.mark.parametrize(
    "command",
    [[*JVM, *WORKER], [sys.executable, "-c", BOTH, *JVM, "sleep", "60", *FORK_SERVER, *WORKER]],
    ids=["started by the JVM", "forked"],
)
def test_what_a_server_holds_is_measured(url: str, monkeypatch: pytest.MonkeyPatch, command: list[str]) -> None:
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as launcher:
        assert launcher.stdout is not None
        monkeypatch.setattr(Answering, "worker", int(launcher.stdout.readline()))
        family = psutil.Process(launcher.pid).children(recursive=True)
        usage = Endurance(url, url, clients=1).measure()
        for process in family:
            process.kill()
        launcher.kill()
    assert usage.worker_bytes > 1_000_000
    assert usage.jvm_bytes > 1_000_000
    assert usage.open_files >= 6


def test_requests_are_shared_among_clients_and_none_is_lost() -> None:
    assert shares(11, 4) == [3, 3, 3, 2]
    assert shares(1, 3) == [1, 0, 0]


def test_most_requests_are_plain_pictures_and_each_kind_of_answer_is_asked_for() -> None:
    picture = SAMPLE.read_bytes()
    sent = trials(picture)
    plain = [trial for trial in sent if (trial.path, trial.body) == ("predictions", picture)]
    assert len(plain) == PLAIN_PICTURES * (len(sent) - len(plain)) > len(sent) / 2
    assert {trial.status for trial in sent} == {200, 400, 415}
    assert {trial.path for trial in sent} == {"predictions", "explanations"}


def test_growth_is_the_slope_after_the_warm_up() -> None:
    counts = [0, 5_000, 20_000, 30_000, 40_000, 50_000]
    workers = [100, 900, 1000, 1010, 1020, 1030]  # the caches are full at 20,000; then 10 bytes in 10,000 requests
    slopes = growth(counts, [Usage(held, 500, 40) for held in workers])
    assert slopes == pytest.approx({"worker_bytes": 100.0, "jvm_bytes": 0.0, "open_files": 0.0}, abs=1e-6)


def test_one_measurement_tells_no_growth() -> None:
    assert growth([0], [Usage(1, 1, 1)]) == {}
