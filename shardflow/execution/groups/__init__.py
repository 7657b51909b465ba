"""One group from its base to its result: workplaces, jobs, seals, and the canonical context it may change."""
