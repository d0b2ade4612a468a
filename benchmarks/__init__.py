"""Measurements beside the product; each module runs on its own: `python -m benchmarks.bundled_reviews`."""
