"""The laboratory: rule sets and strategies held to their laws by Hypothesis, counterexamples made small, coverage."""
