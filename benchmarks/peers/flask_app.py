"""Flask, for gunicorn."""

import orjson
from flask import Flask, Response, request

from benchmarks.peers.reading import Reader

reader = Reader()
app = Flask(__name__)


def predict() -> Response:
    """One picture's bytes in, one result out."""
    return Response(orjson.dumps(reader.read(request.get_data(cache=False))), mimetype="application/json")


app.add_url_rule("/predictions/mnist", view_func=predict, methods=["POST"])
