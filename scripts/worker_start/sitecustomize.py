"""Run by each Python of TorchServe's before anything else: a killed worker is sooner back.

The import of PyTorch makes a million objects and no garbage; looking for it takes a quarter of a worker's start.
"""

import gc

gc.set_threshold(100_000)
