"""Floor 0: the values every other part speaks in. Knows JSON and nothing else."""
