"""Case files: read with their rules, written, told."""
