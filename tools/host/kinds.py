"""The kinds of events, as include/rv/kinds.h has them: build/engine-run lists its table."""

import functools
import json
import subprocess

from . import paths

RUNNER = paths.BUILD / "engine-run"

# Flags of fields and of kinds, as in include/rv/kinds.h.
FILTER, ADDRESS, READER, WRITABLE, LAZY, BITS, PERIOD, HIDDEN = 0x1, 0x2, 0x4, 0x8, 0x10, 0x80, 0x200, 0x800
EITHER = 0x4000
WRITE, PLAIN, REQUEST = 0x1, 0x2, 0x80


@functools.cache
def table():
    """Returns {name: kind}; a kind is a dictionary with "fields" and "texts", lists of such."""
    listed = subprocess.run([str(RUNNER), "--kinds"], check=True, capture_output=True)
    kinds = [json.loads(line) for line in listed.stdout.decode().splitlines()]
    return {kind["name"]: kind for kind in kinds}


def field(kind, name):
    """The field of a kind of that name, or None."""
    return next((each for each in kind["fields"] if each["name"] == name), None)


def filters(kind):
    """The names of all that `on` takes for a kind, beyond what it takes for each."""
    names = []
    for each in [field for field in kind["fields"] if not field["flags"] & HIDDEN]:
        names += [each["name"]] if each["flags"] & FILTER and not each["flags"] & PERIOD else []
        names += [each["mask"]] if each["mask"] else []
    return names + [text["name"] for text in kind["texts"]]


def methods(kind):
    """The names of the methods that a kind's events have for its fields; "name =" can be set."""
    readers = [each for each in kind["fields"] if each["flags"] & READER]
    return [each["name"] + (" =" if each["flags"] & WRITABLE else "") for each in readers]


def listing():
    """What `check -l` prints: each kind with its filters and its events' methods."""
    lines = []
    for name, kind in table().items():
        group = f" ({kind['group']})" if kind["group"] else ""
        lines += [f"{name}{group}: {kind['summary']}"]
        if filters(kind):
            lines.append("    filters: " + " ".join(f"{each}:" for each in filters(kind)))
        if methods(kind):
            lines.append("    event:   " + ", ".join(methods(kind)))
    return lines
