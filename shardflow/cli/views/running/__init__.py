"""A run as it is watched and as it ended: what goes on, what is asked, what went wrong, the summary."""
