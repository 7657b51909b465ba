"""The run directory: where everything of a run lies, its records and its journal."""
