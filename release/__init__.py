"""From a checkpoint to what is served: TorchScript, metadata, archive."""
