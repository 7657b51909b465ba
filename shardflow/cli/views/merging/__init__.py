"""Merges for people and programs: decisions, conflicts, differences, blame."""
