"""Tracing: from the ledgers of a run to who made each part of its context what it is."""
