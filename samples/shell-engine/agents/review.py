"""Reviews the module that its prompt names: functions without a docstring, markers left."""

import ast
import os
import re
import sys
from pathlib import Path

name = re.search(r"^module: (\w+)$", sys.stdin.read(), re.MULTILINE)[1]
(file,) = Path("project/shop").rglob(f"{name}.py")
text = file.read_text()
functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
bare = [node.name for node in functions if ast.get_docstring(node) is None]
report = [f"# {name}", "", f"{len(functions)} functions in {len(text.splitlines())} lines of `{file}`.", ""]
report += [f"- `{each}` has no docstring" for each in bare] or ["- every function is documented"]
report += [f"- left: {line.strip()}" for line in text.splitlines() if re.search("TODO|FIXME", line)]
Path(os.environ["SHARDFLOW_OUTPUT"]).write_text("\n".join([*report, ""]))
