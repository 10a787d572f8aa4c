"""How good a network is: metrics, harmed pictures, plots and the report."""
