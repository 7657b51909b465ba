"""The order of a phase: what its mode says, its gap check, its skills, its checkpoint."""
