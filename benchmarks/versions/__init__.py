"""What is lost while versions of the network change."""
