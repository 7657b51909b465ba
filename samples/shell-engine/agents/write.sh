#!/bin/sh
# Runs whatever no other entry fits: writes down what it was asked, and, of a skill, that it was done.
set -eu
asked=$(sed -n '/^# Task/,$p' | sed 1d | grep . | head -n 1)
if [ -n "${SHARDFLOW_OUTPUT:-}" ]; then
  printf '# %s\n\n%s\n' "$SHARDFLOW_TYPE" "$asked" > "$SHARDFLOW_OUTPUT"
else
  jq --arg skill "$SHARDFLOW_TYPE" '.skills_used = ((.skills_used // []) + [$skill])' \
    "$CONTEXT_FILE" > "$CONTEXT_FILE.new" && mv "$CONTEXT_FILE.new" "$CONTEXT_FILE"
fi
