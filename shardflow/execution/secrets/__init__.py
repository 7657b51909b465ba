"""Secrets of a run: read where the workflow refers to, handed to who names them, masked in what they print."""
