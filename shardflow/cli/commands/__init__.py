"""What each command does: parse no further, call the floors below, print, choose the exit code."""
