"""Thin command lines over `model`, `handler` and TorchServe; each explains itself with --help."""
