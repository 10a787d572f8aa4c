"""Runs the page's application under uvicorn, in a thread of this process, on a loopback port that is taken first.

uvicorn itself answers what is not valid HTTP/1.1, also a request without Host or with over 64 KiB of headers: 400 in
plain text, without the application's headers. It sets no limit to the time that a client may take to send a request; an
idle connection costs no thread.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from model.artifacts import MODEL_NAME
from serving.forwarding import Api
from serving.learner_access import LearnerAccess
from serving.model_description import ModelDescription
from serving.page import OWN_ADDRESS, OnError, PageConfig, application
from serving.settings import LOOPBACK, Ports, allows_the_page, max_request_bytes, read_properties
from serving.uvicorn_settings import listen
from serving.uvicorn_thread import BACKLOG, UvicornThread


class PageServer:
    """Serves `application` at http://127.0.0.1:port, from a thread of its own.

    The port is taken on construction; requests before `start` wait.

    Args:
        folder, config, extra, on_error, api, allowed_hosts, allowed_endpoints: see `application`.
        port: TCP port; 0 lets the system choose.

    Attributes:
        port: where it listens.
        host: the `Host` of who asks at the page's own address.

    Raises:
        OSError: the port cannot be taken.
    """

    def __init__(
        self,
        folder: Path,
        port: int,
        config: PageConfig,
        extra: Mapping[str, bytes] | None = None,
        on_error: OnError = lambda message: None,
        api: Api | None = None,
        allowed_hosts: Sequence[str] = (),
        allowed_endpoints: Sequence[str] = (),
    ) -> None:
        listening = listen(LOOPBACK, port, BACKLOG)
        self.port: int = listening.getsockname()[1]
        self.host = f"{LOOPBACK}:{self.port}"
        origin = f"http://{self.host}"
        page = application(folder, origin, config, extra or {}, on_error, api, allowed_hosts, allowed_endpoints)
        self._server = UvicornThread(listening, page, on_error)

    def start(self, on_end: Callable[[], None] = lambda: None) -> None:
        """Answer requests from now on; `on_end` is called from the server's thread when it ends, crash or not."""
        self._server.start("page", on_end)

    def stop(self) -> None:
        """Stop answering and free the port. Does nothing the second time."""
        self._server.stop()


def page_of(
    model: ModelDescription,
    folder: Path,
    ports: Ports,
    allowed_hosts: Sequence[str],
    allowed_endpoints: Sequence[str],
    on_error: OnError,
    learner: LearnerAccess | None = None,
) -> PageServer:
    """The page's server beside the TorchServe that serves a model on these ports; what changes in its files shows.

    Where the operator's CORS origin is not the page's, the page asks its own address.
    """
    properties = read_properties()
    endpoint = ports.api_url if allows_the_page(properties, ports) else OWN_ADDRESS
    config = PageConfig(endpoint, MODEL_NAME, model.labels, learner)
    api = Api(ports.api_url, max_request_bytes(properties))
    return PageServer(folder, ports.page, config, model.files, on_error, api, allowed_hosts, allowed_endpoints)
