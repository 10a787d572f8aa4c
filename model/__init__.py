"""The recogniser: networks, data, training, export and the one preprocessing. Knows nothing of TorchServe or HTTP."""
