"""How an agent CLI's work ended, as a sum type, and which endings are worth another try.

Law: `Answered` needs all of it: exit code 0, the event that ends a session, no error flag in it, every MCP server
connected. An exit code of 0 alone means nothing: these CLIs give it for refused permissions, dead MCP servers,
unfinished turns and interrupts.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final, TypeAlias

from shardflow.model.records import record
from shardflow.model.values import Json

_OVERLOADED: Final = 529
"""What Anthropic's API answers when it is overloaded."""


@record
class Usage:
    """What a session took: tokens in (cached ones included) and out, and US dollars; None where it is not told."""

    input: int | None = None
    output: int | None = None
    cost: float | Decimal | None = None

    def as_json(self) -> dict[str, Json]:
        """Give it as records and reports spell it: `{input, output, cost}`, null for what is not known."""
        return {"input": self.input, "output": self.output, "cost": None if self.cost is None else float(self.cost)}


@record
class Answered:
    """It came to its end. `answer` is its last message; `warnings` tell of permissions it was denied on the way."""

    answer: str
    warnings: tuple[str, ...] = ()


@record
class NoResult:
    """It ended without saying that its work is done."""

    reason: str


@record
class ToldError:
    """It said itself that it failed, for a reason that is none of the API's: no login, a context too long."""

    message: str


@record
class ApiError:
    """The model's API refused; `status` is the HTTP status where the CLI tells it."""

    status: int | None
    message: str


@record
class LimitReached:
    """It used up what it was given: turns or dollars."""

    limit: str


@record
class McpFailed:
    """MCP servers that it was configured with did not connect, so it worked without their tools."""

    servers: tuple[str, ...]


@record
class PermissionDenied:
    """It was denied what it needed, and said no more."""

    tools: tuple[str, ...]


@record
class Exited:
    """It exited with this code, and nothing it said explains why; `said` is the last it wrote to standard error."""

    code: int
    said: str = ""


AgentOutcome: TypeAlias = (
    Answered | NoResult | ToldError | ApiError | LimitReached | McpFailed | PermissionDenied | Exited
)


def outcome_name(outcome: AgentOutcome) -> str:
    """Name an outcome as journals and `--json` spell it: `api_error(429)`, `exit_3`."""
    match outcome:
        case Answered():
            return "ok"
        case NoResult():
            return "no_result"
        case ToldError():
            return "error"
        case ApiError(None):
            return "api_error"
        case ApiError(status):
            return f"api_error({status})"
        case LimitReached():
            return "limit_reached"
        case McpFailed():
            return "mcp_failed"
        case PermissionDenied():
            return "permission_denied"
        case Exited(code):
            return f"exit_{code}"


def outcome_text(outcome: AgentOutcome) -> str:
    """Tell a person how it ended. Escape it: it may hold foreign text."""
    match outcome:
        case Answered():
            return "answered"
        case NoResult(reason):
            return f"did not end its work: {reason}"
        case ToldError(message):
            return f"ended in an error: {message}"
        case ApiError(status, message):
            code = "" if status is None else f" with HTTP status {status}"
            return f"was refused by the model's API{code}: {message}"
        case LimitReached(limit):
            return f"reached its limit: {limit}"
        case McpFailed(servers):
            return f"could not connect to its MCP servers: {', '.join(servers)}"
        case PermissionDenied(tools):
            return f"was denied {', '.join(tools)}; allow them under tools: or args: of its entry"
        case Exited(code, said):
            return f"exited with code {code}" + (f": {said}" if said else "")


def is_worth_a_retry(outcome: AgentOutcome) -> bool:
    """Tell whether the same request may well succeed later: too many requests, or trouble on the API's side."""
    match outcome:
        case ApiError(int(status)):
            return status in (408, 429, _OVERLOADED) or 500 <= status < 600
        case ApiError(None):
            return True  # no answer at all: the connection failed
        case _:
            return False


def summed(usages: tuple[Usage, ...]) -> Usage:
    """Add up what is told; None where none of them tells it."""
    tokens_in = [one.input for one in usages if one.input is not None]
    tokens_out = [one.output for one in usages if one.output is not None]
    costs = [Decimal(str(one.cost)) for one in usages if one.cost is not None]
    return Usage(
        sum(tokens_in) if tokens_in else None,
        sum(tokens_out) if tokens_out else None,
        sum(costs, Decimal(0)) if costs else None,
    )
