"""Floor 2: bytes and places. Strict JSON and YAML in, canonical bytes out; never merging."""
