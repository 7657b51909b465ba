"""The kit for people who write rules: generators of contexts, shards and rule sets, and the laws as functions.

Needs the extra `testing` (Hypothesis). Production code never imports it.
"""
