"""The one fold of live run and post-mortem: base, shards as deltas, what their merge comes to, its ledger as bytes."""
