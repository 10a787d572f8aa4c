"""FastAPI, for uvicorn.

The endpoint reads the picture in the event loop. That holds the loop for half a millisecond; a thread would have to
wait for the same interpreter lock, and handing the request over and back costs more than it frees.
"""

import orjson
from fastapi import FastAPI, Request, Response

from benchmarks.peers.reading import Reader

reader = Reader()
app = FastAPI(openapi_url=None)


async def predict(request: Request) -> Response:
    """One picture's bytes in, one result out."""
    return Response(orjson.dumps(reader.read(await request.body())), media_type="application/json")


app.add_api_route("/predictions/mnist", predict, methods=["POST"], response_model=None)
