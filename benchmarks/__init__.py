"""Measurements beside the product: `python -m benchmarks` runs senti against the stock tools on this machine."""
