"""The words of the boot line: options by boot/options_table.h, and settings that scripts declare."""

import difflib
import os
import re

from .errors import UserError
from .paths import ROOT

TABLE = ROOT / "boot/options_table.h"
ENTRY = re.compile(r"^OPTION_(NUMBER|FLAG|TEXT)\((\w+)(?:, (.*))?\)$", re.MULTILINE)
UNITS = {"K": 10, "M": 20, "G": 30}

# How a script declares a setting (docs/machine.md), and how it takes any word.
DECLARATION = re.compile(r"""\bsetting[ (]+[:"'](\w+)""")
TAKES_ALL = re.compile(r"\bARGV\b|Machine\.settings")


def table():
    """Returns ({name: (minimum, maximum)}, flags, names of options with a text)."""
    numbers, flags, texts = {}, set(), set()
    for kind, name, rest in ENTRY.findall(TABLE.read_text()):
        if kind == "NUMBER":
            _, _, minimum, maximum = rest.split(", ")
            numbers[name] = (_constant(minimum), _constant(maximum))
        else:
            (flags if kind == "FLAG" else texts).add(name)
    return numbers, flags, texts


def _constant(text):
    """A number as the table writes it."""
    if text == "UINT32_MAX":
        return 0xFFFFFFFF
    sized = re.fullmatch(r"([KMG])IB\((\d+)\)", text)
    return int(sized[2]) << UNITS[sized[1]] if sized else int(text, 0)


def parse_number(text):
    """A number as the hypervisor reads it; None if it is none."""
    match = re.fullmatch(r"(0x[0-9a-fA-F]+|\d+)([KMG]?)", text)
    return int(match[1], 0 if match[1].startswith("0x") else 10) << UNITS.get(match[2], 0) if match else None


def declared_settings(scripts):
    """Returns the names of settings in these files, None if one of them takes any word."""
    names = set()
    for script in scripts:
        with open(script, encoding="utf-8", errors="replace") as file:
            text = file.read()
        if TAKES_ALL.search(text):
            return None
        names |= set(DECLARATION.findall(text))
    return names


def check(words, scripts):
    """Raises UserError for an option whose number is refused at boot. Returns warnings: words that
    are no options and that none of the scripts has a setting for, with the nearest name."""
    numbers, flags, texts = table()
    declared = declared_settings(scripts)
    warnings = []
    for word in " ".join(words).split():
        name, equals, value = word.partition("=")
        if equals and name in numbers:
            number = parse_number(value)
            minimum, maximum = numbers[name]
            if number is None or not minimum <= number <= maximum:
                raise UserError(f"option {word}: give a number from {minimum} to {maximum}")
        elif name == "require":
            need_required(value, scripts)
        elif (name in flags and not equals) or (name in texts and equals) or declared is None:
            continue
        elif name.rpartition(".")[2] not in declared:
            warnings.append(_unknown(name.rpartition(".")[2], {*numbers, *flags, *texts, *declared}))
    return warnings


def need_required(name, scripts):
    """Raises UserError if no script has the name that require= says: the machine would not boot."""
    names = {os.path.basename(script) for script in scripts}
    if not {name, name + ".rb"} & names:
        raise UserError(f"option require={name}: no such script is given, and the boot would stop")


def _unknown(name, known):
    nearest = difflib.get_close_matches(name, sorted(known), n=1)
    hint = f"; is it {nearest[0]}?" if nearest else ""
    return f"option {name}: there is none, and no script has such a setting{hint}"
