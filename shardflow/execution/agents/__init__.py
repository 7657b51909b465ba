"""Agent CLIs run as subagents, or asked a question: what `shardflow.agents` says as data becomes a command here.

command = called(preset, command, task, own)             # for the pool
verdict = verdict_of(preset, ending, code, stdout, stderr)   # AgentVerdict: an ending if it failed, usage, warnings
"""
