"""Cases: one merge with what is expected of it, as values; a test that somebody can read, edit and send.

`model` says what a case is, `documents` how it is written down, `comparing` whether a merge came out as expected.
"""

from shardflow.merge.cases.comparing import Comparison, compare, outcome_of, replay
from shardflow.merge.cases.documents import case_json, expected_conflict_json, read_case, rules_in
from shardflow.merge.cases.model import Case, CaseRules, CaseShard, Expected, ExpectedConflict, Form

__all__ = [
    "Case",
    "CaseRules",
    "CaseShard",
    "Comparison",
    "Expected",
    "ExpectedConflict",
    "Form",
    "case_json",
    "compare",
    "expected_conflict_json",
    "outcome_of",
    "read_case",
    "replay",
    "rules_in",
]
