"""Benchmarks: ratios against a peer or a floor measured in the same run. Nothing here is collected by pytest."""
