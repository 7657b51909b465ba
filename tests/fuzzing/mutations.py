"""Mutations: bytes made from texts that are right, by cutting, repeating, splicing, and putting in what does harm."""

from __future__ import annotations

from random import Random

HARM = [
    *(
        b"\0",
        b"\x1b[31m",
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b"\xed\xa0\x80",
        b"\xc3",
        b"\xf4\x90\x80\x80",
        b"\r",
        b"\t",
        b"\xc2\x85",
    ),
    *(
        b"NaN",
        b"1e400",
        b"-Infinity",
        b"-0",
        b"1E-400",
        b"9" * 5000,
        b"1" + b"0" * 400,
        b"0x1F",
        b"1_000",
        b"true",
        b"null",
    ),
    *(
        b'"',
        b"'",
        b"\\",
        b"\\u0000",
        b"\\ud800",
        b"{",
        b"}",
        b"[",
        b"]",
        b":",
        b",",
        b"#",
        b"|",
        b">",
        b"%",
        b"@",
        b"`",
    ),
    *(
        b"[" * 300,
        b'{"a":' * 300,
        b"- " * 300,
        b"a: " * 50,
        b"&a ",
        b"*a ",
        b"<<: ",
        b"!!python/name:os.system ",
        b"? ",
    ),
    *(
        b"---\n",
        b"...\n",
        b"%YAML 1.1\n",
        b"$.",
        b"..",
        b"../../",
        b"/etc/passwd",
        b"[*]",
        b"{{x}}",
        b"${IFS}",
        b"$(id)",
    ),
    *(b'{"a": &a [*a]}', b"a: &a [b]\nb: &b [*a,*a,*a,*a]\nc: [*b,*b,*b,*b]\n", b'"a": 1, "a": 1', b"\xe2\x80\xae"),
]
"""What readers of JSON, YAML and paths have stumbled over somewhere."""

LONGEST = 100_000


def mutated(random: Random, seeds: tuple[bytes, ...]) -> bytes:
    """Make an input: a seed, changed in one to five places."""
    data = random.choice(seeds)
    for _ in range(random.randint(1, 5)):
        data = _changed(random, data, seeds)[:LONGEST]
    return data


def _changed(random: Random, data: bytes, seeds: tuple[bytes, ...]) -> bytes:
    start, end = sorted((random.randint(0, len(data)), random.randint(0, len(data))))
    if random.random() < 0.5:
        end = min(end, start + random.randint(0, 8))
    part = data[start:end]
    match random.randint(0, 7):
        case 0:
            part = b""
        case 1:
            part = part * random.randint(2, 20)
        case 2:
            part = random.choice(HARM)
        case 3:
            part = random.choice(HARM) + part + random.choice(HARM)
        case 4:
            part = bytes(byte ^ (1 << random.randint(0, 7)) if random.random() < 0.1 else byte for byte in part)
        case 5:
            other = random.choice(seeds)
            part = other[random.randint(0, len(other)) :][: random.randint(1, 80)]
        case 6:
            part = part[::-1] if random.random() < 0.3 else part.swapcase()
        case _:
            return _lines_moved(random, data)
    return data[:start] + part + data[end:]


def _lines_moved(random: Random, data: bytes) -> bytes:
    lines = data.split(b"\n")
    line = lines.pop(random.randrange(len(lines)))
    if random.random() < 0.6:
        lines.insert(random.randint(0, len(lines)), line if random.random() < 0.5 else b"  " + line)
    return b"\n".join(lines)
