"""Cases: replayed, run, saved, and held to the law they name."""
