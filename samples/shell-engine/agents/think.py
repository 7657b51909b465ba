"""Answers what `thinkHard` asks, where a model would: reads the prompt, prints an answer."""

import re
import sys

modules, markers = map(int, re.findall(r"\d+", sys.stdin.read()))
print("clear the markers" if markers else f"test all {modules} modules")
