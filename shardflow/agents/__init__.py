"""Adapters for agent CLIs, as data: how each is started, what it may do, what it gets, and how what it said is judged.

    start = ADAPTERS[preset.cli].start(task, preset)  # Start: arguments, environment, files to write beforehand
    judged = judge(preset.cli, stdout, exit_code)     # Judged: an outcome, never by the code alone, and a usage

Nothing here starts a process or opens a file; `shardflow.execution.agents` does.

What is known of each CLI was seen by running Claude Code 2.1.332, Codex 0.171.0, Gemini CLI 0.61.0 and opencode 1.18.33
against a model server on the loopback address (November 2026). Their output formats are no standards: what a newer
version says in another way is told as `NoResult`, never taken for success.
"""
