"""The whole engine against a simple oracle: runs, deaths, resumptions, decisions, other merges, in any order."""
