"""Scripts of a workflow: JavaScript, run by Node.js, of which one process serves a whole run.

    with ScriptHost("phase 'plan'") as host:          # Node starts with the first thing asked of it
        faults = host.check([script, ...])            # what does not parse, nothing is run
        run = host.run(script, scope, helpers)        # ScriptRun: an outcome, deliverables, what it logged
        match run.outcome:
            case Returned(value): ...

`model` has the values, `host` the process, `helpers` what a script can call, `folder` the only folder it writes to,
`programs` those that answer for helpers. The JavaScript side is `host.js`, `worker.js` and `parsing.js`.
"""
