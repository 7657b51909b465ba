"""What happens in a run and what it came to, as values:
events while it runs, a report afterwards, and how each subagent ended.
"""
