"""What texts say of commands and ready scripts, for whoever has them installed and no clone."""

import re

from .paths import IS_SOURCE

# As the source's texts say it, and as an installed copy (tools/place) has it.
NAMES = [
    (re.compile(r"(?<![\w/])\./ritevisor\b"), "ritevisor"),
    (re.compile(r"(?<![\w/])build/ritectl\b"), "ritectl"),
    (re.compile(r"(?<![\w/])build/hwcheck\b"), "lib/ritevisor/build/hwcheck"),
    (re.compile(r"(?<![\w/])scripts/(\w+)\.rb\b"), r"\1"),
]


def as_installed(text):
    for pattern, name in NAMES:
        text = pattern.sub(name, text)
    return text


def told(text):
    """A text of the source's, as it is true here."""
    return text if IS_SOURCE else as_installed(text)
