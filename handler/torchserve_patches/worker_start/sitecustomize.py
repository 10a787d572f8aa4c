"""Makes a worker start sooner; every Python of TorchServe's runs this first, since the folder is on its PYTHONPATH.

Fixes: PyTorch's import makes objects that stay, and Python looks among them for garbage again and again. The threshold
stays raised for the worker's whole life.
Upstream: none, it is Python's own setting.
Without it: a killed worker is back half a second later.
Test: tests/integration/test_faults.py, tests/integration/test_patches_off.py.
"""

import gc

gc.set_threshold(100_000)
