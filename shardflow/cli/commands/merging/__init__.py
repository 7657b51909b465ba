"""`shardflow merge`, one module a way to merge: a run again, a run otherwise, its conflicts decided, or any files."""
