"""Adapts the recogniser to TorchServe: decode, batch, infer, encode."""
