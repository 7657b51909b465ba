"""What workflows of the shell engine say: modes, scripts, gap checks, checkpoints, skills; and the books kept for it."""
