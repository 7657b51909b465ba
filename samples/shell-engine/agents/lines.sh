#!/bin/sh
# Counts lines, and keeps its own books as scripts for the shell engine do: it rewrites $CONTEXT_FILE with jq.
set -eu
folder=$(sed -n 's/^folder: //p')
find "$folder" -name '*.py' -exec wc -l {} + | sort -k 2 > lines.tmp.$$
total=$(awk '$2 != "total" {n += $1} END {print n + 0}' lines.tmp.$$)
{ echo "$total lines in $folder"; echo; sed 's/^/    /' lines.tmp.$$; } > "$SHARDFLOW_OUTPUT"
rm lines.tmp.$$
path=${SHARDFLOW_OUTPUT#"$SHARDFLOW_OUTPUT_DIR/"}
jq --arg path "$path" --arg by "$SHARDFLOW_TYPE" --arg folder "$folder" --argjson n "$total" '
  .subagents_spawned += 1 | .lines[$folder] = $n
  | .deliverables += [{phase: .phases.current, path: $path, subagent: $by, size_bytes: 0, timestamp: "by itself"}]
' "$CONTEXT_FILE" > "$CONTEXT_FILE.new" && mv "$CONTEXT_FILE.new" "$CONTEXT_FILE"
