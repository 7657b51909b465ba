"""Floor 1, pure: what should run. A mapping becomes a `Workflow`, or all its problems with their lines."""
