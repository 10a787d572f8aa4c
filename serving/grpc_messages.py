"""Message classes of TorchServe's gRPC services, built from the .proto files in its own jar.

They cannot disagree with the server. It needs `grpcio-tools`, which `make test` and `make gateway` install.
"""

import tempfile
import zipfile
from importlib.resources import files
from pathlib import Path
from typing import Any

from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.message_factory import GetMessages
from grpc_tools import protoc

from model.errors import OperatorError

_IMPORTS = ("google/rpc/status.proto",)


class GrpcError(OperatorError):
    """The server refused the request, or cannot be reached."""


def message_classes(proto: str) -> dict[str, Any]:
    """The message classes of one .proto file, by their full names.

    Raises:
        GrpcError: it cannot be read.
    """
    with tempfile.TemporaryDirectory(prefix="grpc-") as folder:
        with zipfile.ZipFile(str(files("ts") / "frontend" / "model-server.jar")) as jar:
            jar.extractall(folder, [proto, *_IMPORTS])
        descriptors = Path(folder) / "descriptors.pb"
        well_known = files("grpc_tools") / "_proto"
        if protoc.main(["", f"-I{folder}", f"-I{well_known}", "--include_imports", f"-o{descriptors}", proto]) != 0:
            raise GrpcError(f"TorchServe's {proto} cannot be read")
        return dict(GetMessages(FileDescriptorSet.FromString(descriptors.read_bytes()).file))
