"""Merging the versions of one file for git: three texts in, one text out, with conflict markers where needed."""
