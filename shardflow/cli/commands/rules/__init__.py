"""`shardflow rules ...`: what each of its commands does."""
