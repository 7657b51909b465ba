"""`shardflow run` and `resume`, and what both read of the command line."""
