"""Answers pictures with an archive's own code, in a process of its own: `python -P answer.py FOLDER VERSION`.

FOLDER is the unpacked archive. Its handler is loaded and asked as TorchServe's workers do it. Each line of stdin is a
base64 picture; each line of stdout is its answer as JSON, with the status and the seconds that it took.
"""

import base64
import json
import os
import sys
import time
from pathlib import Path

from ts.context import RequestProcessor
from ts.model_loader import ModelLoaderFactory

MANIFEST = "MAR-INF/MANIFEST.json"


def main(folder: str, version: str) -> None:
    """Answer until stdin ends."""
    out = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what the archive prints would be taken for an answer
    sys.path.insert(0, folder)
    model = json.loads((Path(folder) / MANIFEST).read_text(encoding="utf-8"))["model"]
    service = ModelLoaderFactory.get_model_loader().load(model["modelName"], folder, model["handler"], batch_size=1)
    context = service.context
    context.request_ids = {0: "check"}
    for line in sys.stdin:
        picture = base64.b64decode(line)
        context.request_processor = [RequestProcessor({})]
        started = time.perf_counter()
        [body] = service._entry_point([{"body": picture}], context)
        seconds = time.perf_counter() - started
        status, _ = context.get_response_status(0)
        answer = {"status": int(status or 200), "seconds": seconds, "body": json.loads(body)}
        print(json.dumps(answer), file=out, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
