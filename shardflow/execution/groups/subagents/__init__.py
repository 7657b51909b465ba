"""The subagents of a group, from their workplaces to their reports: jobs for the pool, tries, how each ended."""
