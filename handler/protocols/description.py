"""What the management API tells of the model with `?customized=true`: its metadata, ready to be shown."""

from collections.abc import Mapping
from typing import Any

from handler.protocols.query import Query

_MEMBERS = {
    "architecture": "architecture",
    "training_data": "data",
    "training": "training",
    "metrics": "metrics",
    "refused_nondigits": "refused_nondigits",
    "commit": "commit",
    "created": "created",
    "version": "version",
}


def describe(metadata: dict[str, Any]) -> dict[str, Any]:
    """The public description of a released model from its metadata; what older metadata lacks is null."""
    return {name: metadata.get(member) for name, member in _MEMBERS.items()} | {
        "parameters": metadata["architecture"]["parameters"],
        "calibration_temperature": metadata["calibration"]["temperature"],
        "rejection_threshold": metadata["rejection"]["threshold"],
        "preprocessing_version": metadata["preprocessing"]["version"],
    }


def description_query(request: Mapping[str, Any], headers: Mapping[str, str], metadata: dict[str, Any]) -> Query | None:
    """The query behind a management request for the description, or None for any other request.

    TorchServe marks it by a header, which any client may send too. But a description request has neither fields nor a
    content type; a request for predictions without fields is an empty form, which has a content type.
    """
    if request or headers.get("describe") != "True" or any(name.lower() == "content-type" for name in headers):
        return None
    return Query([], lambda _answers, _served, _request_id: describe(metadata))
