"""The training of the network that tells the digit's ink from everything else in a picture."""
