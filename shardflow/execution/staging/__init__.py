"""Runs as the shell engine staged them: the order of a phase, scripts, gap checks, checkpoints, skills, its folder."""
