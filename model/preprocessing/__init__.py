"""Any picture -> the 28x28 that the network sees: the one definition, for training and serving."""
