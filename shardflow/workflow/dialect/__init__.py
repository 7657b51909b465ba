"""What workflows of the shell engine say, as values: modes, scripts, gap checks, checkpoints, skills."""
