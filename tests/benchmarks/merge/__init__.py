"""Merging full copies of a base, 1 % of the leaves changed in each: against the floor, and beside other mergers.

    python -m tests.benchmarks.merge                                        # two to three minutes
    python -m tests.benchmarks.merge --full                                 # to 1,000 copies of 10 MB: an hour
    python -m tests.benchmarks.merge --size 1MB --copies 100 --shape scattered --rounds 7

The floor is what no merge in Python can do without: orjson parses every byte, with the garbage collector off, and
writes the result once. `offline` is what `shardflow merge` does after its start-up: reading the files strictly,
merging, writing the result; `group end` is the part of it that a run has left when its last subagent has finished,
as each shard was read and compared when its own subagent did. These are ratios to the floor, of the least time that
processors were busy in any of some rounds in which all run in turns, on the same files: what disturbs a measurement
only ever adds to it. Wall time says little on a machine with other work to do, and on an idle one the two hardly
differ. Every result is compared with what a merge that
loses nothing must give.
`command` is the ratio of one `shardflow merge --json` as a whole, with start-up, a durable write and every decision
printed; it is left out beyond 1 GB of copies.

`memory` is how far the peak of a process of its own rises above what it holds when all modules are loaded, in MiB
and over the bytes of the base and all changes.

Shapes: in `clustered` copies the changed leaves stand side by side, in `scattered` ones anywhere, both in the
base's format; `re-formatted` copies are scattered ones written as `json.dumps` does, on one line.

Of other mergers it is also told how much of the copies' work is in their result: of the changes that nobody
contests, and of the increments of counters that several copies count up. Imports are not timed; jq's start is. What
is not installed (extra `bench`; jq) is left out.
"""
