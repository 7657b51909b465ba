"""What runs a `type`: the map from types to programs, in a workflow, in `shardflow.yaml` beside it, or in a file given.

agents = fields.optional("agents", read_agents, ())             # of a workflow
helpers = fields.optional("helpers", read_helpers, {})          # what answers for helpers of scripts
file = read_agents_file(document)                               # shardflow.yaml, --agents FILE: both
chosen = choose_programs(types, [given.agents, agents, beside.agents])
chosen.programs["code-reviewer"].program, chosen.lacking_text()
"""
