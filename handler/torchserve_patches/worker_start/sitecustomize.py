"""Run by each Python of TorchServe's before anything else: a killed worker is sooner back.

The import of PyTorch makes objects that stay; looking among them for garbage, again and again, slows it down.
"""

import gc

gc.set_threshold(100_000)
