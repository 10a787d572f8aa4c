"""Runs the service until it is stopped: the application, and the jobs beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from learner.corrections import Corrections
from learner.jobs.process import PREPARATION, work_command
from learner.jobs.queue import Queue
from learner.jobs.runner import Runner
from learner.service.application import application
from learner.service.guards import Doors, Keys
from learner.service.parts import Parts
from learner.tables import SCHEMA
from release.versions.database import Database
from release.versions.registry import Registry
from serving.gateway.keys import SCOPES, KeyFile
from serving.settings import ServeError
from serving.uvicorn_settings import listen
from serving.uvicorn_thread import BACKLOG, UvicornThread

FIRST_KEY = "learner"


@dataclass
class Learner:
    """What is to be run.

    Attributes:
        address, port: where it listens.
        origins: of pages whose scripts may ask.
        hosts: further names that it is asked under.
        keys: the file of the keys; made with a first one where there is none.
        promotes: whether what passes the gate is served at once, where the request does not say.
        whose: `ONE` where all corrections are one person's, else `MANY`.
    """

    address: str
    port: int
    origins: Sequence[str]
    hosts: Sequence[str]
    keys: Path
    promotes: bool
    whose: str
    _over: Event = field(default_factory=Event)

    def stop(self) -> None:
        """End it; a job under way goes back to the queue."""
        self._over.set()

    def wait(self) -> None:
        """Return once it is to end."""
        self._over.wait()


def serve(learner: Learner, ready: Callable[[str], None], note: Callable[[str], None]) -> None:
    """Run it until it is stopped.

    Args:
        learner: what to run.
        ready: called with its address once it answers.
        note: called with what an operator wants to know.

    Raises:
        OperatorError, OSError: it could not be started.
    """
    keys = KeyFile(learner.keys)
    if not any("admin" in key.scopes for key in keys.read()):
        keys.add(FIRST_KEY, SCOPES)
    with ExitStack() as stack:
        registry = stack.enter_context(closing(Registry.open()))
        database = stack.enter_context(closing(Database(SCHEMA)))
        queue = Queue(database)
        parts = Parts(Corrections(database), queue, registry, learner.promotes)
        doors = Doors(learner.origins, learner.hosts)
        try:
            listening = listen(learner.address, learner.port, BACKLOG)
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or error
            raise ServeError(
                f"port {learner.port} of {learner.address} cannot be used: {reason}; choose another (--port)"
            ) from error
        server = UvicornThread(listening, application(parts, doors, Keys(keys), note), note)
        stack.callback(server.stop)
        runner = Runner(queue, note, work_command(learner.whose), PREPARATION)
        stack.callback(runner.stop)
        server.start("learner", on_end=learner.stop)
        runner.start()
        host, port = listening.getsockname()[:2]
        ready(f"http://{host}:{port}")
        learner.wait()
        note("stopping")
