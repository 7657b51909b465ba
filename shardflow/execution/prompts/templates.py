"""Mustache templates (https://mustache.github.io/mustache.5.html), rendered by pystache.

What the manual leaves to the data is settled here. A text comes out as it is, a number as JSON writes it, `true` and
`false` as these words, `null` as nothing, an object or a list as JSON. A name that is not there gives nothing, as
Mustache wants it, and is told in `Rendered.missing`.

Escaping follows what is made: for prompts, Markdown and other text `{{x}}` gives the text unchanged, since an escaped
`&lt;` would be a different text there; for HTML `{{x}}` is escaped and `{{{x}}}` is not. Values are never read as
templates themselves.

`{{> name}}` is the file `name.md.tmpl`, `name.mustache` or `name` beside the template that names it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from enum import Enum, auto
from typing import Any, Final

from shardflow.errors import InvalidTemplate, StorageError
from shardflow.model.documents import Problem
from shardflow.model.records import record
from shardflow.model.values import ABSENT, Json
from shardflow.storage.files import read_regular
from shardflow.storage.json.canonical import written_bytes
from shardflow.storage.json.exact_numbers import number_text
from shardflow.storage.refusals import why_refused

LARGEST_TEMPLATE: Final = 8 << 20
"""Bytes of a template file."""

_MARKUP: Final = (".html", ".htm", ".xhtml", ".xml", ".svg")
_PARTIAL_NAMES: Final = ("{}.md.tmpl", "{}.mustache", "{}")


class Escaping(Enum):
    """What `{{x}}` does to a text; `{{{x}}}` and `{{& x}}` never do anything to it."""

    NONE = auto()
    HTML = auto()


@record
class Template:
    """A template. `source` names it in messages; `folder` is where its partials are, None for one that has none."""

    text: str
    source: str
    folder: str | None = None


@record
class Rendered:
    """What came out. `missing` are the names it should show, in order of use, that were nowhere among the values."""

    text: str
    missing: tuple[str, ...]


class Named(dict[str, Json]):
    """An object that comes out as its `id` where a template names it alone: `{{phase}}` beside `{{phase.name}}`."""


def escaping_for(output: str) -> Escaping:
    """Say how values are escaped in what is written to a file of this name."""
    return Escaping.HTML if output.lower().endswith(_MARKUP) else Escaping.NONE


def read_template(path: str) -> Template:
    """Read a template file. Raises StorageError, or InvalidTemplate for one that is not UTF-8."""
    place = os.path.realpath(path)
    try:
        text = read_regular(place, LARGEST_TEMPLATE).decode()
    except UnicodeDecodeError as error:
        problem = Problem(path, None, f"byte {error.start} is not UTF-8", hint="save the template as UTF-8")
        raise InvalidTemplate([problem]) from None
    return Template(text, path, os.path.dirname(place))


def check_template(template: Template) -> None:
    """Raises InvalidTemplate with all that keeps it and its partials from being rendered.

    What a section holds counts, too: whether that is rendered is known with the values alone.
    """
    if problems := [*_flaws(template)]:
        raise InvalidTemplate(problems)


def _flaws(template: Template) -> Iterator[Problem]:
    """Find what is wrong with a template, then with its partials and theirs, which are all in its folder."""
    from shardflow.execution.prompts.partials import partial_names

    waiting: list[Template | str] = [template]
    seen = {os.path.realpath(template.source)}
    for one in waiting:
        try:
            current = read_template(one) if isinstance(one, str) else one
            names = dict.fromkeys(partial_names(_parsed(current)))
        except InvalidTemplate as error:
            yield from error.problems
            continue
        except StorageError as error:
            yield Problem(str(one), None, why_refused(str(one), error))
            continue
        found = {name: _partial_path(template.folder, name) for name in names}
        yield from (_no_partial(current, name) for name, path in found.items() if path is None)
        new = [path for path in found.values() if path is not None and path not in seen]
        waiting += new
        seen.update(new)


def render(template: Template, values: dict[str, Json], escaping: Escaping = Escaping.NONE) -> Rendered:
    """Render a template. Raises InvalidTemplate, with its line where it has one; StorageError for its partials."""
    from pystache.context import ContextStack

    rendering = _Rendering(template, escaping)
    parsed = _parsed(template)
    try:
        text = parsed.render(rendering.engine, ContextStack(_plain(values)))
    except RecursionError:
        problem = Problem(template.source, None, "its partials include each other without end")
        raise InvalidTemplate([problem]) from None
    return Rendered(text, tuple(rendering.missing))


class _Rendering:
    """One rendering: an engine of pystache with our rules for values, and what it did not find."""

    def __init__(self, template: Template, escaping: Escaping) -> None:
        from pystache.renderengine import RenderEngine  # its own Renderer would guess what a missing name was

        self.missing: dict[str, None] = {}
        self._template = template
        self.engine = RenderEngine(
            literal=str,
            escape=_escape(escaping),
            resolve_context=self._value,
            resolve_partial=self._partial,
            to_str=_text,
        )
        self.engine.fetch_string = self._text

    def _value(self, stack: Any, name: str) -> Any:
        """Find what a section is about; one about what is not there asks whether it is, and is told no."""
        value = _found(stack, name)
        return "" if value is ABSENT else value

    def _text(self, stack: Any, name: str) -> str:
        """Find what is shown; what is not there is shown as nothing, and noted."""
        value = _found(stack, name)
        if value is ABSENT:
            self.missing[name] = None
            return ""
        return _text(value)

    def _partial(self, name: str) -> str:
        template = self._template
        path = _partial_path(template.folder, name)
        if path is None:
            raise InvalidTemplate([_no_partial(template, name)])
        partial = read_template(path)
        _parsed(partial)  # told with its own name and line, before pystache meets it
        return partial.text


def _found(stack: Any, name: str) -> Any:
    from pystache.context import KeyNotFoundError

    try:
        return stack.get(name)
    except KeyNotFoundError:
        return ABSENT


def _partial_path(folder: str | None, name: str) -> str | None:
    """Find a partial; its name is one of a file and leads nowhere else."""
    if folder is None or not is_file_name(name):
        return None
    paths = (os.path.join(folder, pattern.format(name)) for pattern in _PARTIAL_NAMES)
    return next(filter(os.path.isfile, paths), None)


def _no_partial(template: Template, name: str) -> Problem:
    where = f"beside it ({name}.md.tmpl)" if template.folder else "for a template that is no file"
    tag = re.search(rf"\S[ \t]*>\s*{re.escape(name)}(?![\w.-])", template.text)  # no block quote of Markdown
    line = _line_of(template.text, tag.start() if tag else -1)
    return Problem(template.source, line, f"there is no partial {name!r} {where}")


def is_file_name(text: str) -> bool:
    """Tell whether a text names a file in its folder and cannot lead out of it."""
    return bool(text) and text not in (".", "..") and not any(c in "/\\\0" or "\ud800" <= c <= "\udfff" for c in text)


def _parsed(template: Template) -> Any:
    from pystache.parser import ParsingError, parse

    text = template.text
    try:
        parsed = parse(text, raise_on_mismatch=True)
    except ParsingError as error:
        raise InvalidTemplate([_section_problem(template, error.info)]) from None
    if (position := _unclosed(text)) is not None:
        problem = Problem(template.source, _line_of(text, position), "a tag is not closed", hint="write }} behind it")
        raise InvalidTemplate([problem])
    return parsed


def _section_problem(template: Template, details: Any) -> Problem:
    text, end = template.text, details.position
    line = _line_of(text, max(0, end - 1))
    if details.tag_type == "/":
        hint = "sections end in the reverse order of their beginnings"
        return Problem(
            template.source, line, f"{{{{/{details.tag_key}}}}} ends a section that is not open here", hint=hint
        )
    tag = text[max(0, text.rfind("{{", 0, end)) : end].strip()  # pystache names the last tag of all
    return Problem(template.source, line, f"the section {tag} is not closed", hint="end it with {{/ and its name")


def _unclosed(text: str) -> int | None:
    """Give the place of a tag without an end, which pystache would take for text; None where there is none."""
    if "{{=" in text:
        return None  # with other delimiters, braces may be meant as they stand
    place = 0
    while (start := text.find("{{", place)) >= 0:
        end = text.find("}}", start)
        if end < 0:
            return start
        place = end + 2
    return None


def _line_of(text: str, position: int) -> int | None:
    return text.count("\n", 0, position) + 1 if position >= 0 else None


def _escape(escaping: Escaping) -> Callable[[str], str]:
    if escaping is Escaping.NONE:
        return str
    from html import escape

    return escape


def _plain(value: Json) -> Any:
    """Give a value of types that pystache knows: it looks for attributes in all others, such as Decimal."""
    match value:
        case dict():
            plain = {name: _plain(member) for name, member in value.items()}
            return Named(plain) if isinstance(value, Named) else plain
        case list():
            return [_plain(item) for item in value]
        case Decimal():
            return number_text(value)
        case _:
            return value


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case int():
            return number_text(value)
        case Named() if "id" in value:
            return _text(value["id"])
        case str():
            return value
        case _:
            return written_bytes(value).decode().rstrip("\n")
