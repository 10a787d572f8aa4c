"""Serves an archive without TorchServe: Starlette and uvicorn take requests in, forked workers answer them in batches.

guard (serving.torchserve_guard)
  front: __main__.py, routes.py, workers.py, metrics.py; one asyncio loop, three ports
    template: worker.py; has loaded the network, and forks
      workers, each connected to the front by a Unix socket
"""
