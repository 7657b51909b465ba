"""Auditors of a source tree: each reads the files its own way and notes what it found in the shared context."""
