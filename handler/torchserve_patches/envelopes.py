"""Makes TorchServe's setting `service_envelope` harmless: the handler reads all those formats by itself.

Fixes: `kserve` and `kservev2` read the first request of a batch only, `kservev2` the first picture of a tensor only;
all four envelopes fail the whole batch on a body that they do not expect.
Upstream: https://github.com/pytorch/serve/issues/2158 and /1302, both open.
Without it: the same failures where an operator sets `service_envelope`; nothing where it is unset, as in ours.
Test: tests/integration/test_envelopes.py.
"""

from typing import Any

from ts.context import Context
from ts.torch_handler.request_envelope.base import BaseEnvelope


def bypass_envelopes() -> None:
    """Let every request reach the handler, and every answer the client, as they are, whatever envelope is set."""
    BaseEnvelope.handle = _pass_through


def _pass_through(envelope: BaseEnvelope, requests: list[Any], context: Context) -> Any:
    return envelope._handle_fn(requests, context)
