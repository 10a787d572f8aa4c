"""From pictures to a trained network: networks, augmentation, optimisation, the loop, checkpoints."""
