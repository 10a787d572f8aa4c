"""The supervisor behind `make serve`: TorchServe, its settings, its log, the page's server."""
