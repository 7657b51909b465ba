"""Conflicts as things to work with, and what is decided about them."""
