"""The table of what the gateway costs."""

from benchmarks.gateway_cost import NODE, TLS, Measured, table


def test_the_gateway_is_compared_with_the_node_within_each_round() -> None:
    runs = [
        Measured(1, NODE, 16, requests_per_s=1000, p50_ms=10, errors=0),
        Measured(1, TLS, 16, requests_per_s=900, p50_ms=12, errors=0),
        Measured(2, NODE, 16, requests_per_s=500, p50_ms=20, errors=0),
        Measured(2, TLS, 16, requests_per_s=400, p50_ms=25, errors=3),
    ]
    text = table(runs, "somewhere")
    assert "| 16 | the node itself | 750 (500 to 1,000) | 1.00 | 15.00 (10.00 to 20.00) | 0.00 | 0 |" in text
    [row] = [line for line in text.splitlines() if TLS in line]
    assert "| 650 (400 to 900) | 0.85 (0.80 to 0.90) | 18.50 (12.00 to 25.00) | 3.50 (2.00 to 5.00) | 3 |" in row
