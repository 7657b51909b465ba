"""`python -m shardflow` is the command `shardflow`."""

from __future__ import annotations

from shardflow.cli import main

if __name__ == "__main__":
    main()
