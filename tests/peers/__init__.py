"""Other engines on the same work, where they mean the same: what they make of it, shardflow makes of it."""
