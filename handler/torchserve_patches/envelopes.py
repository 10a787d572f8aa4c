"""Makes TorchServe's setting `service_envelope` harmless: the handler reads all those formats by itself.

TorchServe's own envelopes `kserve` and `kservev2` look at the first request of a batch only, so that any other fails;
`kservev2` drops all pictures of a tensor but the first; and all four break on a body that they did not expect, which
fails its whole batch. The handler is loaded before them and tells their formats by content.
"""

from typing import Any

from ts.context import Context
from ts.torch_handler.request_envelope.base import BaseEnvelope


def bypass_envelopes() -> None:
    """Let every request reach the handler, and every answer the client, as they are, whatever envelope is set."""
    BaseEnvelope.handle = _pass_through


def _pass_through(envelope: BaseEnvelope, requests: list[Any], context: Context) -> Any:
    return envelope._handle_fn(requests, context)
