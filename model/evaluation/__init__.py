"""How good a network is: metrics, corrupted pictures, plots and the report."""
