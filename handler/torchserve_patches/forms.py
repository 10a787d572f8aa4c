"""Makes TorchServe hand forms to the handler as they were sent, by two changed instructions of one Java class.

Fixes: its form parser answers 500 to a picture that `curl --data-binary` labelled as a form and to a part in base64,
sees no field behind a preamble, and turns each `+` of `curl -d` into a blank; of several files of one name a worker
keeps the last.
Upstream: no issue found.
Without it: those answers; all other forms are read the same.
Test: tests/integration/contract/test_bad_input.py, tests/unit/handler/torchserve_patches/test_forms.py.
"""

import hashlib
import logging
from importlib.metadata import distribution
from pathlib import Path
from zipfile import ZipFile

JAR = "ts/frontend/model-server.jar"
CLASS = "org/pytorch/serve/http/api/rest/InferenceRequestHandler.class"
SHA256 = "915ac25d1f8a2360181528aa8eabd3c769ebd807d54798f0bce9bc934213eb93"

# Each replaced instruction is a call of three bytes that asks whether a request is a form. The new ones drop its
# arguments from the stack (pop, pop2) and push false (iconst_0); nop fills up.
_ANSWER_FALSE = {
    14211: b"\x57\x03\x00",  # HttpPostRequestDecoder.isMultipart(request)
    14222: b"\x58\x03\x00",  # "application/x-www-form-urlencoded".contentEqualsIgnoreCase(mime type)
}

logger = logging.getLogger(__name__)


def write_class(folder: Path) -> None:
    """Write the changed class below the folder that TorchServe is started in, which is first on its class path.

    A class that is not the one these changes were written for is left as it is, and the log says so.
    """
    with ZipFile(str(distribution("torchserve").locate_file(JAR))) as jar:
        code = jar.read(CLASS)
    if hashlib.sha256(code).hexdigest() != SHA256:
        logger.warning("forms are left to TorchServe's parser: its class %s is another than the patch knows", CLASS)
        return
    file = folder / CLASS
    file.parent.mkdir(parents=True)
    file.write_bytes(changed(code))


def changed(code: bytes) -> bytes:
    """The class with its two questions answered."""
    for at, instructions in _ANSWER_FALSE.items():
        code = code[:at] + instructions + code[at + len(instructions) :]
    return code
