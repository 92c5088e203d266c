"""What a script's text says that mruby takes otherwise than Ruby does (docs/ruby.md)."""

import re
from pathlib import Path

ENDLESS = re.compile(r"^(?P<indent>[ \t]*)def[ \t]+(?P<name>(?:self\.)?\w+[?!]?)[ \t]+=[ \t]")
# The brace of a Hash or of #{} stands behind no name.
BLOCK_THAT_YIELDS = re.compile(r"(?:[\w)\]?!]\s*\{|\bdo\b).*\byield\b", re.S)


def warnings(path):
    """Returns what to tell of a script, as what its log would have."""
    lines = Path(path).read_text(errors="replace").splitlines()
    return [{"type": "log", "level": "warning", "text": f"line {number}: {text}"}
            for number, text in endless_methods(lines)]  # fmt: skip


def endless_methods(lines):
    """Methods without parentheses and without an end, in which a block has to find the method's own."""
    for at, line in enumerate(lines):
        method = ENDLESS.match(line)
        if method and BLOCK_THAT_YIELDS.search(whole(lines, at, method["indent"])):
            yield at + 1, (f"yield in a block does not find the block of a method that is written so: "
                           f"write def {method['name']}() =")  # fmt: skip


def whole(lines, at, indent):
    """A statement from its first line: what is indented more belongs to it."""
    last = at + 1
    while last < len(lines) and re.match(re.escape(indent) + r"[ \t]", lines[last] + " "):
        last += 1
    return "\n".join(lines[at:last])
