"""Which system tests ran on whose CPU, and how: a table from this run and from earlier ones."""

import json
import re

SYSTEM_NAME = re.compile(r"^system(?:-(?P<vendor>[\w-]+))?/(?P<file>[^:]+): (?P<test>.*)$")
VENDORS = ("amd", "intel", "amd-bochs")
WORDS = ("ok", "FAIL", "skip")


def save(path, results):
    """Adds results, name to word, to those of earlier runs."""
    known = load(path)
    known.update({name: word for name, word in results.items() if SYSTEM_NAME.match(name)})
    path.write_text(json.dumps(known, indent=0, sort_keys=True))


def load(path):
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return {}


def counts(results):
    """Returns {file: {vendor: {word: number}}}."""
    table = {}
    for name, word in results.items():
        match = SYSTEM_NAME.match(name)
        if match:
            row = table.setdefault(match["file"], {})
            cell = row.setdefault(match["vendor"] or "amd", dict.fromkeys(WORDS, 0))
            cell[word] += 1
    return table


def text(results):
    """Returns the table; nothing if only one vendor's tests were ever run."""
    table = counts(results)
    if len({vendor for row in table.values() for vendor in row}) < 2:
        return ""
    lines = [f"{'system tests':16}" + "".join(f"{vendor:>10}: ok FAIL skip" for vendor in VENDORS)]
    for file in sorted(table):
        line = f"{file:16}"
        for vendor in VENDORS:
            cell = table[file].get(vendor, dict.fromkeys(WORDS, 0))
            line += f"{'':8}{cell['ok']:6}{cell['FAIL']:5}{cell['skip']:5}"
        lines.append(line)
    return "\n".join(lines)
