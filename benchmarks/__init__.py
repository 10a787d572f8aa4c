"""Measures our server beside others: the same released model and preprocessing, on the same machine, in turns."""
