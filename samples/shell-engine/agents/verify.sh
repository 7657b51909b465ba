#!/bin/sh
# Runs the tests of the library on the fixed copy, and counts the markers that are left there.
set -eu
copy=$SHARDFLOW_OUTPUT_DIR/improve/project
open=$(grep -rE 'TODO|FIXME' "$copy" | wc -l | tr -d ' ')
passed=0
for test in $(sed -n 's/^def \(test_[a-z_]*\).*/\1/p' project/tests/test_prices.py); do
  PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$copy:project/tests python3 -c "import test_prices; test_prices.$test()"
  passed=$((passed + 1))
done
printf '# Verified\n\n%s tests pass, %s markers are left\n' "$passed" "$open" > "$SHARDFLOW_OUTPUT"
jq --argjson open "$open" --argjson passed "$passed" '.open = $open | .passed = $passed' \
  "$CONTEXT_FILE" > "$CONTEXT_FILE.new" && mv "$CONTEXT_FILE.new" "$CONTEXT_FILE"
