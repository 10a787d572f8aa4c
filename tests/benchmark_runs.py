"""A run of the benchmark, and the conditions of one, made up for the tests of what is concluded from them."""

from benchmarks.load import Run
from benchmarks.results import Conditions

RUN = Run(1, "ours", "28x28", 64, 1000, 1000.0, 2.0, 6.0, 9.0, 0, 500.0, 1.5, 0.3)
CONDITIONS = Conditions("a processor, 2 cores", 8.0, "Linux", "2024-05-01", "abc", 5.0, 5.0, "4.1", {"python": "3.11"})
