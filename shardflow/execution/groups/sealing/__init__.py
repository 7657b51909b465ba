"""Sealing: shards as they end or are taken back, and the files of a run; whoever alters what is sealed is found."""
