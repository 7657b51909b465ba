#!/bin/sh
# Tells lines that are too long, and trailing white space.
set -eu
{
  echo "# Style"
  echo
  find project -name '*.py' | sort | while read -r file; do
    awk -v file="$file" 'length > 80 {print "- " file ":" NR ": " length " characters"}
                         /[ \t]$/ {print "- " file ":" NR ": ends in white space"}' "$file"
  done
  echo "- every other line is fine"
} > "$SHARDFLOW_OUTPUT"
