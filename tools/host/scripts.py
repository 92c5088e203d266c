"""The ready scripts in scripts/: what each is for stands in the comment at its head, an example of what it prints
beside it."""

import os
import re

from .errors import UserError
from .paths import ROOT

READY = ROOT / "scripts"
SUMMARY_CHARACTERS = 100
HINT = "ready scripts are listed by ./ritevisor scripts"  # where a script is not there


def names():
    return sorted(path.stem for path in READY.glob("*.rb"))


def path(name):
    """Returns where the ready script of that name is, or None."""
    found = READY / f"{name.removesuffix('.rb')}.rb"
    return found if "/" not in name and found.is_file() else None


def resolve(text):
    """Returns the path of the script that a user names: a file, or a ready script."""
    if os.path.exists(text):
        return text
    return str(path(text) or text)


def description(name):
    """Returns the comment at the script's head, without its first word, the file's name."""
    lines = []
    for line in need(name).read_text().splitlines():
        if not line.startswith("#"):
            break
        lines.append(line[1:].removeprefix(" "))
    return re.sub(r"^\S+\.rb: ", "", "\n".join(lines)).strip()


def summary(name):
    """Returns the first sentence of that, in one line; of a long one, what stands before its colon."""
    text = " ".join(description(name).split("\n\n")[0].split())
    text = text.split(". ")[0].rstrip(".")
    if len(text) > SUMMARY_CHARACTERS:
        text = text.split(": ")[0]
    return text[0].upper() + text[1:]


def example(name):
    """Returns what it prints, or an empty string."""
    file = need(name).with_suffix(".example.txt")
    return file.read_text() if file.is_file() else ""


def need(name):
    found = path(name)
    if found is None:
        raise UserError(f"there is no ready script {name}; ./ritevisor scripts lists them")
    return found
