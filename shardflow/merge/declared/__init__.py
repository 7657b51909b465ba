"""What subagents declare to write and to read, held against what they did and against the rules."""
