"""Looking at a run afterwards: everything here works on the run directory alone."""
