"""JSON between bytes and values: strict in, canonical out, nothing rounded, nothing dropped."""
