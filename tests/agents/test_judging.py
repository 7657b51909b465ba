"""An agent CLI is believed when all it said is sound, never for its exit code; each way to fail is told apart."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardflow.agents.adapters import judge
from shardflow.agents.outcomes import (
    AgentOutcome,
    Answered,
    ApiError,
    Exited,
    LimitReached,
    McpFailed,
    NoResult,
    PermissionDenied,
    ToldError,
    Usage,
    is_worth_a_retry,
    outcome_name,
    outcome_text,
    summed,
)
from shardflow.workflow.agents.preset import AgentCli
from tests.agents.recorded import (
    CLAUDE_BY_MODEL,
    CLAUDE_DECLINED,
    CLAUDE_DENIAL,
    CLAUDE_DROPPED,
    CLAUDE_INIT,
    CLAUDE_LOGGED_OUT,
    CLAUDE_REFUSED,
    CLAUDE_RESULT,
    CLAUDE_SAFEGUARD,
    CLAUDE_TOO_LONG,
    CODEX_BUSY,
    CODEX_COMPLETED,
    CODEX_FAILED,
    CODEX_LASTING,
    CODEX_MESSAGE,
    CODEX_OPENING,
    CODEX_PASSING,
    CODEX_RECONNECTING,
    GEMINI_ASKED,
    GEMINI_BLOCKED,
    GEMINI_DENIED,
    GEMINI_INIT,
    GEMINI_LOOP,
    GEMINI_OUTSIDE,
    GEMINI_QUOTA,
    GEMINI_REFUSED,
    GEMINI_RESULT,
    GEMINI_SAID,
    GEMINI_THOUGHT,
    GEMINI_TORN,
    GEMINI_USE,
    OPENCODE_DENIED,
    OPENCODE_ERROR,
    OPENCODE_NO_MODEL,
    OPENCODE_TEXT,
    lines,
    opencode_step,
)

CLAUDE, CODEX, GEMINI, OPENCODE = AgentCli.CLAUDE, AgentCli.CODEX, AgentCli.GEMINI, AgentCli.OPENCODE
DEAD_SERVER = CLAUDE_INIT | {"mcp_servers": [{"name": "a", "status": "connected"}, {"name": "b", "status": "failed"}]}


def gemini_flagged(message: str) -> bytes:
    flagged = {"type": "error", "severity": "error", "message": message}
    return lines(GEMINI_INIT, flagged, GEMINI_RESULT | {"status": "error"})


def gemini_failed(kind: str, message: str) -> bytes:
    return lines(GEMINI_INIT, GEMINI_RESULT | {"status": "error", "error": {"type": kind, "message": message}})


def opencode_failed(name: str, **data: str) -> bytes:
    return lines(OPENCODE_ERROR | {"error": {"name": name, "data": data}})


def codex_failed(message: str) -> bytes:
    return lines(*CODEX_OPENING, {"type": "turn.failed", "error": {"message": message}})


JUDGED: list[tuple[AgentCli, bytes, AgentOutcome]] = [
    (
        CLAUDE,
        lines(CLAUDE_INIT, CLAUDE_RESULT),
        Answered("All done."),
    ),
    (
        CLAUDE,
        lines(CLAUDE_INIT, CLAUDE_RESULT | {"permission_denials": [CLAUDE_DENIAL, CLAUDE_DENIAL]}),
        Answered("All done.", ("it was denied the use of Write",)),
    ),
    (
        CLAUDE,
        lines(CLAUDE_INIT, CLAUDE_RESULT | {"result": " ", "permission_denials": [CLAUDE_DENIAL]}),
        PermissionDenied(("Write",)),
    ),
    (CLAUDE, lines(DEAD_SERVER, CLAUDE_RESULT), McpFailed(("b",))),
    (CLAUDE, lines(CLAUDE_INIT, CLAUDE_REFUSED), ApiError(429, "API Error: Request rejected (429) · no more")),
    (
        CLAUDE,
        lines(CLAUDE_INIT, CLAUDE_DROPPED),
        ApiError(None, "API Error: Connection dropped (ECONNRESET). Check the network."),
    ),
    (
        CLAUDE,
        lines(CLAUDE_INIT, CLAUDE_RESULT | {"subtype": "error_max_turns", "is_error": True}),
        LimitReached("the number of turns"),
    ),
    (CLAUDE, lines(CLAUDE_INIT, CLAUDE_TOO_LONG), LimitReached("the tokens of one answer")),
    (CLAUDE, lines(CLAUDE_INIT, CLAUDE_DECLINED), ToldError(CLAUDE_SAFEGUARD)),
    (CLAUDE, lines(CLAUDE_INIT, CLAUDE_LOGGED_OUT), ToldError("Not logged in · Please run /login")),
    (
        CLAUDE,
        lines(CLAUDE_INIT, CLAUDE_RESULT | {"subtype": "error_max_budget_usd"}),
        LimitReached("the budget in US dollars"),
    ),
    (
        CLAUDE,
        lines(CLAUDE_INIT, CLAUDE_RESULT | {"subtype": "error_during_execution"}),
        ToldError("error_during_execution"),
    ),
    (CLAUDE, lines(CLAUDE_INIT, CLAUDE_RESULT | {"is_error": True, "result": "odd"}), ToldError("odd")),
    (CLAUDE, lines({"type": "result"}), ToldError("unknown error")),
    (CLAUDE, lines(CLAUDE_INIT), NoResult("there is no result event")),
    (CLAUDE, b"", NoResult("there is no result event")),
    (
        CODEX,
        lines(*CODEX_OPENING, CODEX_MESSAGE, CODEX_COMPLETED),
        Answered("All done.", ("Model metadata not found.",)),
    ),
    (
        CODEX,
        lines(*CODEX_OPENING, CODEX_RECONNECTING, CODEX_MESSAGE, CODEX_COMPLETED),
        Answered("All done.", ("Model metadata not found.",)),
    ),
    (
        CODEX,
        lines(*CODEX_OPENING, CODEX_RECONNECTING, CODEX_FAILED),
        ApiError(401, "unexpected status 401 Unauthorized: no, url: http://u"),
    ),
    (
        CODEX,
        lines(*CODEX_OPENING, CODEX_COMPLETED, CODEX_BUSY),
        ApiError(429, "exceeded retry limit, last status: 429 Too Many Requests"),
    ),
    *((CODEX, codex_failed(message), ApiError(None, message)) for message in CODEX_PASSING),
    *((CODEX, codex_failed(message), ToldError(message)) for message in CODEX_LASTING),
    (CODEX, lines(*CODEX_OPENING, {"type": "turn.failed"}), ToldError("unknown error")),
    (CODEX, lines(*CODEX_OPENING), NoResult("no turn was completed")),
    (
        GEMINI,
        lines(GEMINI_INIT, GEMINI_ASKED, *GEMINI_SAID, GEMINI_RESULT),
        Answered("All done."),
    ),
    (
        GEMINI,
        lines(GEMINI_INIT, GEMINI_USE, GEMINI_DENIED, *GEMINI_SAID, GEMINI_RESULT),
        Answered("All done.", ("it was denied the use of replace",)),
    ),
    (
        GEMINI,
        lines(GEMINI_INIT, GEMINI_USE, GEMINI_OUTSIDE, *GEMINI_SAID, GEMINI_RESULT),
        Answered("All done.", ("it was denied the use of replace",)),
    ),
    (
        GEMINI,
        lines(GEMINI_INIT, *GEMINI_SAID, GEMINI_USE, GEMINI_DENIED, *GEMINI_SAID, GEMINI_RESULT),
        Answered("All done.", ("it was denied the use of replace",)),
    ),
    (
        GEMINI,
        lines(GEMINI_INIT, GEMINI_RESULT | {"status": "error", "error": {"type": "E", "message": "got status: 503"}}),
        ApiError(503, "got status: 503"),
    ),
    (GEMINI, lines(GEMINI_INIT, *GEMINI_SAID), NoResult("there is no result event")),
    (GEMINI, gemini_failed("FatalTurnLimitedError", "Reached max."), LimitReached("the number of turns")),
    (GEMINI, gemini_failed("FatalAuthenticationError", "Log in."), ToldError("Log in.")),
    (GEMINI, gemini_failed("Error", "fetch failed"), ApiError(None, "fetch failed")),
    *(
        (GEMINI, gemini_failed("unknown", f"[API Error: {said}]"), ApiError(status, f"[API Error: {said}]"))
        for status, said in GEMINI_REFUSED
    ),
    (GEMINI, gemini_flagged(GEMINI_BLOCKED), ToldError(GEMINI_BLOCKED)),
    (GEMINI, gemini_flagged(GEMINI_TORN), ApiError(None, GEMINI_TORN)),
    (
        GEMINI,
        lines(GEMINI_INIT, *GEMINI_SAID, GEMINI_LOOP, GEMINI_RESULT),
        NoResult("Loop detected, stopping execution"),
    ),
    (
        GEMINI,
        gemini_failed("Error", "Publisher Model `p/m` was not found"),
        ApiError(404, "Publisher Model `p/m` was not found"),
    ),
    (GEMINI, gemini_failed("unknown", GEMINI_QUOTA), ToldError(GEMINI_QUOTA)),
    (GEMINI, lines({"type": "result"}), NoResult("its result event tells of no success")),
    (
        OPENCODE,
        lines(opencode_step("tool-calls"), OPENCODE_TEXT, opencode_step("stop")),
        Answered("All done."),
    ),
    (
        OPENCODE,
        lines(OPENCODE_DENIED, opencode_step("tool-calls"), OPENCODE_TEXT, opencode_step("stop")),
        Answered("All done.", ("it was denied the use of write",)),
    ),
    (
        OPENCODE,
        lines(OPENCODE_TEXT, OPENCODE_DENIED, opencode_step("tool-calls"), OPENCODE_TEXT, opencode_step("stop")),
        Answered("All done.", ("it was denied the use of write",)),
    ),
    (OPENCODE, lines(OPENCODE_DENIED, opencode_step("tool-calls")), PermissionDenied(("write",))),
    (
        OPENCODE,
        lines(opencode_step("length")),
        NoResult("its last step ended with the reason 'length'"),
    ),
    (OPENCODE, lines(opencode_step("stop"), OPENCODE_ERROR), ApiError(429, "no more")),
    (OPENCODE, opencode_failed("ContextOverflowError", message="Too long."), ToldError("Too long.")),
    (OPENCODE, opencode_failed("MessageOutputLengthError"), ToldError("MessageOutputLengthError")),
    (OPENCODE, opencode_failed("ProviderAuthError", message="Log in."), ToldError("Log in.")),
    (OPENCODE, opencode_failed("APIError", message="ECONNRESET"), ApiError(None, "ECONNRESET")),
    (OPENCODE, opencode_failed("UnknownError", message="status: 503"), ApiError(503, "status: 503")),
    (OPENCODE, lines(OPENCODE_NO_MODEL), ToldError("Unexpected server error. Check server logs for details.")),
    (OPENCODE, lines({"type": "error"}), ApiError(None, "unknown error")),
    (OPENCODE, b"Agent not found\n", NoResult("no step was finished")),
]


def test_every_cli_is_judged_when_it_has_answered_and_when_it_has_not() -> None:
    assert {cli for cli, _, outcome in JUDGED if isinstance(outcome, Answered)} == set(AgentCli)
    assert {cli for cli, _, outcome in JUDGED if not isinstance(outcome, Answered)} == set(AgentCli)


@pytest.mark.parametrize(("cli", "stdout", "outcome"), JUDGED)
def test_what_a_cli_printed_is_judged(cli: AgentCli, stdout: bytes, outcome: AgentOutcome) -> None:
    assert judge(cli, stdout, 0).outcome == outcome


@pytest.mark.parametrize(("cli", "stdout", "outcome"), JUDGED)
def test_another_exit_code_than_0_is_never_a_success(cli: AgentCli, stdout: bytes, outcome: AgentOutcome) -> None:
    expected = Exited(7, "last words") if isinstance(outcome, Answered | NoResult) else outcome
    assert judge(cli, stdout, 7, "last words").outcome == expected


@pytest.mark.parametrize(("cli", "stdout", "outcome"), JUDGED)
def test_other_lines_between_and_a_torn_last_one_change_nothing(
    cli: AgentCli, stdout: bytes, outcome: AgentOutcome
) -> None:
    noise = b'warning: \xff\n\n[1]\n{"type": 5}\n{}\n' + b"{" * 5000 + b"\n"
    assert judge(cli, noise + stdout.replace(b"\n", b"\r\n") + b'{"type": "res', 0).outcome == outcome


@pytest.mark.parametrize("cli", AgentCli)
def test_a_success_needs_every_event_whole_to_the_last_brace(cli: AgentCli) -> None:
    for stdout in (stdout for its, stdout, outcome in JUDGED if its is cli and isinstance(outcome, Answered)):
        for end in range(len(stdout) - 1):
            assert not isinstance(judge(cli, stdout[:end], 0).outcome, Answered), stdout[:end]


_TYPES = (
    *("result", "system", "error", "text", "tool_use", "step_finish", "turn.failed", "turn.completed"),
    *("item.completed", "thread.started", "init", "message", "tool_result"),
)
_NAMES = (
    *("part", "error", "usage", "result", "item", "stats", "mcp_servers", "permission_denials", "tool_id", "message"),
    *("role", "api_error_status", "total_cost_usd", "session_id", "thread_id"),
)
_ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(_NAMES), inner, max_size=2),
    max_leaves=5,
)


@given(
    cli=st.sampled_from(AgentCli),
    events=st.lists(
        st.fixed_dictionaries(
            {"type": st.sampled_from(_TYPES), "is_error": st.just(False) | _ANY, "subtype": st.just("success") | _ANY},
            optional=dict.fromkeys(_NAMES, _ANY),
        )
    ),
)
def test_events_of_any_shape_are_judged_and_never_break_the_judge(
    cli: AgentCli, events: list[dict[str, object]]
) -> None:
    stdout = b"".join(json.dumps(event).encode() + b"\n" for event in events)
    judged = judge(cli, stdout, 0)
    assert outcome_name(judged.outcome)
    assert judged.usage.as_json()


@pytest.mark.parametrize(
    ("cli", "stdout", "usage"),
    [
        (CLAUDE, lines(CLAUDE_INIT, CLAUDE_RESULT), Usage(39, 21, 0.0005417999999999999)),
        (CLAUDE, lines(CLAUDE_INIT, CLAUDE_DROPPED), Usage(39, 21, 0.0005417999999999999)),
        (CLAUDE, lines(CLAUDE_INIT, CLAUDE_REFUSED), Usage(39, 21, 0)),
        (CLAUDE, lines(CLAUDE_INIT, CLAUDE_BY_MODEL), Usage(5152, 106, 0.0005417999999999999)),
        (CLAUDE, lines(CLAUDE_INIT, CLAUDE_RESULT | {"modelUsage": {}}), Usage(39, 21, 0.0005417999999999999)),
        (CLAUDE, lines(CLAUDE_INIT), Usage()),
        (CODEX, lines(*CODEX_OPENING, CODEX_MESSAGE, CODEX_COMPLETED), Usage(20, 10)),
        (CODEX, lines(*CODEX_OPENING, CODEX_COMPLETED, CODEX_BUSY), Usage(20, 10)),
        (CODEX, lines(*CODEX_OPENING, CODEX_FAILED), Usage()),
        (GEMINI, lines(GEMINI_INIT, *GEMINI_SAID, GEMINI_RESULT), Usage(20, 10)),
        (GEMINI, lines(GEMINI_INIT, GEMINI_RESULT | {"status": "error"}), Usage(20, 10)),
        (GEMINI, lines(GEMINI_INIT, GEMINI_THOUGHT), Usage(20, 27)),
        (GEMINI, lines(GEMINI_RESULT | {"stats": {"input_tokens": 20, "output_tokens": 10}}), Usage(20, 10)),
        (GEMINI, b"", Usage()),
        (OPENCODE, lines(opencode_step("tool-calls"), opencode_step("stop")), Usage(24, 12, Decimal("0.2"))),
        (OPENCODE, lines(opencode_step("tool-calls"), OPENCODE_ERROR), Usage(12, 6, Decimal("0.1"))),
        (OPENCODE, lines(OPENCODE_ERROR), Usage()),
    ],
)
@pytest.mark.parametrize("code", [0, 3])
def test_what_a_session_used_is_known_however_it_ended(cli: AgentCli, stdout: bytes, usage: Usage, code: int) -> None:
    assert judge(cli, stdout, code).usage == usage


@pytest.mark.parametrize(
    ("outcome", "name", "text", "again"),
    [
        (Answered("a"), "ok", "answered", False),
        (NoResult("why"), "no_result", "did not end its work: why", False),
        (ToldError("why"), "error", "ended in an error: why", False),
        (ApiError(429, "m"), "api_error(429)", "was refused by the model's API with HTTP status 429: m", True),
        (ApiError(529, "m"), "api_error(529)", "was refused by the model's API with HTTP status 529: m", True),
        (ApiError(500, "m"), "api_error(500)", "was refused by the model's API with HTTP status 500: m", True),
        (ApiError(400, "m"), "api_error(400)", "was refused by the model's API with HTTP status 400: m", False),
        (ApiError(401, "m"), "api_error(401)", "was refused by the model's API with HTTP status 401: m", False),
        (ApiError(403, "m"), "api_error(403)", "was refused by the model's API with HTTP status 403: m", False),
        (ApiError(404, "m"), "api_error(404)", "was refused by the model's API with HTTP status 404: m", False),
        (ApiError(None, "m"), "api_error", "was refused by the model's API: m", True),
        (LimitReached("turns"), "limit_reached", "reached its limit: turns", False),
        (McpFailed(("a", "b")), "mcp_failed", "could not connect to its MCP servers: a, b", False),
        (
            PermissionDenied(("Write",)),
            "permission_denied",
            "was denied Write; allow them under tools: or args: of its entry",
            False,
        ),
        (Exited(3), "exit_3", "exited with code 3", False),
        (Exited(3, "why"), "exit_3", "exited with code 3: why", False),
    ],
)
def test_each_outcome_has_its_name_its_words_and_its_retry_class(
    outcome: AgentOutcome, name: str, text: str, again: bool
) -> None:
    assert (outcome_name(outcome), outcome_text(outcome), is_worth_a_retry(outcome)) == (name, text, again)


@pytest.mark.parametrize("told", ["NaN", "Infinity", "-1", "1e308", "9" * 5000, "true", '"1"', "[]"])
def test_a_usage_that_can_be_none_is_none_told(told: str) -> None:
    usage = f'{{"input_tokens": {told}, "output_tokens": {told}}}'
    result = f'{{"type": "result", "subtype": "success", "usage": {usage}, "total_cost_usd": {told}}}'
    assert judge(AgentCli.CLAUDE, result.encode(), 0).usage == Usage(None, None, None)


def test_usages_add_up_exactly_and_what_none_of_them_tells_stays_unknown() -> None:
    assert summed((Usage(1, 2, 0.1), Usage(3, 4, 0.2))) == Usage(4, 6, Decimal("0.3"))
    assert summed((Usage(1, 2, 0.1), Usage(3, None, None), Usage())) == Usage(4, 2, Decimal("0.1"))
    assert summed((Usage(1, None), Usage())) == Usage(1)
    assert Usage(1, 2, Decimal("0.3")).as_json() == {"input": 1, "output": 2, "cost": 0.3}
    assert Usage(1, 2).as_json() == {"input": 1, "output": 2, "cost": None}
