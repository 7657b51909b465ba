"""`python -m tests.testing.mutants`: how many examples it takes to catch each mutant, as a Markdown table."""

from tests.testing.mutants.hunting import SEEDS, middle, table

print(f"| wrong | median of {len(SEEDS)} seeds | most | caught by |")
print("| --- | ---: | ---: | --- |")
for kind, name, examples, laws in table():
    most = "never" if None in examples else max(examples)
    print(
        f"| {kind}: {name} | {middle(examples)} | {most} | {', '.join(law for law, _ in laws.most_common())} |",
        flush=True,
    )
