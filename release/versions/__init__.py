"""The registry of versions: what may be served, what is, and the way back."""
