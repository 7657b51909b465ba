"""Floor 3: processes, the phase loop, and the one fold a run and its post-mortem share."""
