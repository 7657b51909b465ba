"""The mask: no form of a secret gets through, whatever the pieces, and nothing else is touched."""

from __future__ import annotations

import base64
import json
import urllib.parse
from itertools import pairwise

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from shardflow.execution.secrets.escapes import ShardMask
from shardflow.execution.secrets.masking import Mask, forms

SECRET = b's3cr3t/"x"+\xc3\xa9'


def in_pieces(mask: Mask, pieces: list[bytes]) -> bytes:
    stream = mask.stream()
    return b"".join([*map(stream.feed, pieces), stream.end()])


@st.composite
def streams(draw: st.DrawFn) -> tuple[dict[str, bytes], bytes, list[bytes]]:
    """Secrets over a small alphabet, so that they overlap and begin one another, and a stream cut anywhere."""
    secrets = draw(st.lists(st.text("ab", min_size=6, max_size=9).map(str.encode), min_size=1, max_size=3))
    pieces = draw(st.lists(st.sampled_from(secrets) | st.text("abc", max_size=5).map(str.encode), max_size=8))
    stream = b"".join(pieces)
    cuts = sorted(draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    bounds = [0, *cuts, len(stream)]
    return {f"S{n}": s for n, s in enumerate(secrets)}, stream, [stream[a:b] for a, b in pairwise(bounds)]


def naively_masked(secrets: dict[str, bytes], data: bytes) -> bytes:
    """The definition: mark every byte of every occurrence, replace what touches by overlapping."""
    everything = {form for value in secrets.values() for form in forms(value)}
    inside = [(at, at + len(form)) for form in everything for at in range(len(data)) if data.startswith(form, at)]
    result, at = b"", 0
    while at < len(data):
        begun = [end for start, end in inside if start == at]
        if not begun:
            result, at = result + data[at : at + 1], at + 1
            continue
        end = max(begun)
        while more := [stop for start, stop in inside if at < start < end < stop]:
            end = max(more)
        result, at = result + b"***", end
    return result


@st.composite
def spellings(draw: st.DrawFn) -> tuple[str, str]:
    """A text, and one of the ways in which JSON may write it."""
    text = draw(
        st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from('"\\/\n\t'), min_size=6, max_size=12)
    )
    units = [json.dumps(one)[1:-1] for one in text]
    long = ["".join(f"\\u{x:04x}" for x in memoryview(one.encode("utf-16-le")).cast("H")) for one in text]
    upper = [one.replace("\\u", "\0").upper().replace("\0", "\\u") for one in long]
    chosen = draw(st.lists(st.integers(0, 3), min_size=len(text), max_size=len(text)))
    plain = [json.dumps(one, ensure_ascii=False)[1:-1] for one in text]
    written = "".join((units, long, upper, plain)[number][at] for at, number in enumerate(chosen))
    assert json.loads(f'"{written}"') == text
    return text, written


@example(("00000\\", "00000\\u005c"), '{"a": "@"}')
@given(spellings(), st.sampled_from(['{"a": "@"}', '{"op": "@', "@", '[x "@"]']))
def test_a_shard_that_holds_a_secret_in_any_spelling_is_masked_there_and_nowhere_else(
    drawn: tuple[str, str], shard: str
) -> None:
    secret, written = drawn
    value = secret.encode()
    assume(not (set(secret) & set("@x")) and value.strip() == value and len(value.splitlines()) == 1)
    mask = ShardMask(Mask([("S", value)]), [("S", value)])
    data = shard.replace("@", written).encode()
    assert mask.found_in(data) == "S"
    assert mask.masked(data) == shard.replace("@", "***").encode()


@given(streams())
def test_whatever_the_pieces_the_stream_is_masked_as_a_whole(
    drawn: tuple[dict[str, bytes], bytes, list[bytes]],
) -> None:
    secrets, stream, pieces = drawn
    mask = Mask(secrets.items())
    assert in_pieces(mask, pieces) == in_pieces(mask, [stream]) == naively_masked(secrets, stream)


@given(streams())
def test_no_secret_is_left_in_what_comes_out(drawn: tuple[dict[str, bytes], bytes, list[bytes]]) -> None:
    secrets, _, pieces = drawn
    assert Mask(secrets.items()).found_in(in_pieces(Mask(secrets.items()), pieces)) is None


@given(st.lists(st.binary(max_size=20), max_size=6))
def test_a_stream_without_a_secret_comes_out_as_it_went_in(pieces: list[bytes]) -> None:
    assert in_pieces(Mask([("T", b"\xff\xfe very long secret \xff")]), pieces) == b"".join(pieces)


@pytest.mark.parametrize(
    "printed",
    [
        SECRET,
        json.dumps({"token": SECRET.decode()}).encode(),
        json.dumps({"token": SECRET.decode()}, ensure_ascii=False).encode(),
        urllib.parse.urlencode({"token": SECRET}).encode(),
        base64.b64encode(SECRET),
        base64.b64encode(b"user:" + SECRET),
        base64.b64encode(b"me:" + SECRET + b"\n"),
        base64.urlsafe_b64encode(b"x" + SECRET),
    ],
)
def test_a_secret_is_recognised_as_programs_print_it(printed: bytes) -> None:
    masked = in_pieces(Mask([("TOKEN", SECRET)]), [b"before " + printed + b" behind"])
    assert masked.startswith(b"before ")
    assert masked.endswith(b" behind")
    assert b"***" in masked
    for part in (b"s3cr3t", base64.b64encode(SECRET)[4:12]):
        assert part not in masked


def test_the_lines_of_a_key_are_masked_each_on_its_own() -> None:
    key = b"-----BEGIN KEY-----\nMIIEpAIBAAKCAQEA\nabc\n-----END KEY-----"
    assert in_pieces(Mask([("KEY", key)]), [b"it says MIIEpAIBAAKCAQEA here"]) == b"it says *** here"


def test_only_what_may_become_a_secret_is_held_back() -> None:
    stream = Mask([("T", b"secret-value")]).stream()
    assert stream.feed(b"hello\nsec") == b"hello\n"
    assert stream.feed(b"ond\nsecret-") == b"second\n"
    assert stream.feed(b"value!") == b"***!"
