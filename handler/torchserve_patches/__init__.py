"""All that changes TorchServe from inside."""
