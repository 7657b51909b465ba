"""A small shop, to be reviewed."""
