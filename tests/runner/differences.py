"""Known differences from the CPU manuals: which checks of a guest fail, where, and whose fault it is.

A test block's `KNOWN VENDOR WHERE PATTERN: reason` excuses the guest's `not ok` lines that match;
one that excuses nothing is out of date, and fails. The table says how many checks that concerned.
"""

import json
import re
from dataclasses import dataclass

COLUMNS = tuple((vendor, where) for vendor in ("amd", "intel") for where in ("bare", "ours"))
WHERE = "on"  # the variable of FOR that says whether Ritevisor is below: bare or ours
LINE = re.compile(r"^(?P<vendor>amd|intel) (?P<where>bare|ours|both) (?P<pattern>.*): (?P<reason>.*)$")


@dataclass
class Known:
    pattern: re.Pattern
    reason: str


def parse(line):
    """Returns (vendor, where, Known), or None if the line is no such field."""
    match = LINE.match(line)
    if not match:
        return None
    return match["vendor"], match["where"], Known(re.compile(match["pattern"]), match["reason"])


def applicable(lines, vendor, where):
    """The Knowns of a block that apply to a CPU, bare or ours."""
    return [
        known
        for of_vendor, of_where, known in map(parse, lines)
        if of_vendor == vendor and of_where in (where, "both")
    ]


def excuse(text, knowns):
    """Returns (text without what is excused, {reason: number of checks})."""
    lines, counts = [], {known.reason: 0 for known in knowns}
    for line in text.split("\n"):
        check = line.removeprefix("not ok ")
        known = next((known for known in knowns if known.pattern.match(check)), None)
        if known is None or check == line:
            lines.append(line)
        else:
            counts[known.reason] += 1
    return "\n".join(lines), counts


def save(path, found):
    """Adds {test: [vendor, where, {reason: number}]} to what earlier runs found."""
    known = load(path)
    known.update(found)
    path.write_text(json.dumps(known, indent=0, sort_keys=True))


def load(path):
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return {}


def text(found):
    """Returns the table; nothing if no such test ever ran."""
    if not found:
        return ""
    ran = {(vendor, where) for vendor, where, _ in found.values()}
    rows = {}
    for vendor, where, counts in found.values():
        for reason, number in counts.items():
            row = rows.setdefault(reason, {})
            row[vendor, where] = row.get((vendor, where), 0) + number
    width = max(map(len, [*rows, "checks that differ from the manual"]))
    lines = [f"{'checks that differ from the manual':{width}}"
             + "".join(f"{vendor + ' ' + where:>12}" for vendor, where in COLUMNS)]  # fmt: skip
    for reason in sorted(rows):
        cells = [rows[reason].get(column, 0) if column in ran else "?" for column in COLUMNS]
        lines.append(f"{reason:{width}}" + "".join(f"{cell:>12}" for cell in cells))
    return "\n".join(lines)
