"""Agent CLIs run as subagents, or asked a question: what `shardflow.agents` says as data becomes a command here.

command = agent_command(preset, subagent, places, around, fitting)   # for the pool
verdict = judged(preset, how, stdout, stderr)                        # Verdict: an ending if it failed, warnings, usage
"""
