"""Resumed runs: what earlier starts left, what of it still holds, and going on from there."""
