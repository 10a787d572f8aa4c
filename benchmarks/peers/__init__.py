"""The servers that ours is measured against: each reads digits by our `model` package, only the serving differs."""
