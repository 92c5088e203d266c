"""Compares what a guest reported under Ritevisor with what it reported bare."""

import difflib
import re
from collections import Counter

from host.console import LOG_STAMP

# What differs from boot to boot; SCSI disks are found in any order.
VARYING = re.compile(r"0x[0-9a-f]+|\b[0-9a-f]{8,16}\b|\d+(\.\d+)?|(?<=\bsd)[a-z](?=\d?\b)")
TIME_STAMP = re.compile(r"^\[ *\d+\.\d+\] ")
DONE = re.compile(r"^ritevisor: done\r?$", re.M)
PANIC = re.compile(r"ritevisor: PANIC.*|Kernel panic.*")
EVENTS = re.compile(r"summary: harmless.rb .*?: (\d+) events")
HOOK_FAILURE = re.compile(
    r"^ritevisor: (?!summary: ).*harmless\.rb.*(?:error|killed|budget).*"
    r"|^ritevisor: summary: harmless\.rb.* [1-9]\d* errors\).*", re.M
)  # fmt: skip


def state(folder):
    """Returns what is wrong with the system itself, as its facts tell, bare or not."""
    problems = []
    for boot in ("boot1", "boot2"):
        lines = _read(folder / boot / "facts").splitlines()
        for wanted in ("state running", "failed units: none", "cpus 2", "address 10.0.2.15/24",
                       "ssh server active"):  # fmt: skip
            if wanted not in lines:
                start = wanted.split(" ")[0]
                found = [line for line in lines if line.startswith(start)]
                problems.append(f"{boot}: not '{wanted}' but {found}")
        problems += [f"{boot}: {line}" for line in lines
                     if re.search(r": status [1-9]", line)]  # fmt: skip
        if len({line.split()[-1] for line in lines if line.startswith("data ")}) > 1:
            problems.append(f"{boot}: data was changed on its way")
        problems += [f"{boot}: {line}" for line in lines
                     if re.search(r"^complaints of stress: [^0]", line)]  # fmt: skip
    return problems


def facts(bare, ours, boot):
    """Returns the facts that differ."""
    difference = difflib.unified_diff(
        _read(bare / "facts").splitlines(), _read(ours / "facts").splitlines(), n=0, lineterm=""
    )
    headers = ("---", "+++", "@@")
    return [f"{boot}: fact {line}" for line in difference if not line.startswith(headers)]


def dmesg(bare, ours, boot, expected):
    """Returns the kernel's lines that there are more or fewer of than bare, but those in the files of expected ones.

    Numbers differ from boot to boot, so lines are the same when all but VARYING is.
    """
    patterns = [re.compile(text) for path in expected for text in _expected(path)]
    wanted, found = (Counter(_kinds(folder)) for folder in (bare, ours))
    problems = []
    for sign, more in (("+", found - wanted), ("-", wanted - found)):
        for kind, count in more.items():
            if not any(pattern.search(f"{sign}{kind}") for pattern in patterns):
                times = f" ({count}x)" if count > 1 else ""
                problems.append(f"{boot}: dmesg {sign}{kind}{times}")
    return problems


def _kinds(folder):
    for line in _read(folder / "dmesg").splitlines():
        yield VARYING.sub("#", TIME_STAMP.sub("", line)).rstrip()


def _expected(path):
    """The expressions of the file of expected differences; # starts its comment lines."""
    return [line for line in path.read_text().splitlines() if line and not line.startswith("#")]


def console(text, is_scripted):
    """Returns what the console says against a run under Ritevisor."""
    text = re.sub(LOG_STAMP, "", text)
    problems = PANIC.findall(text)
    if not DONE.search(text):
        problems.append("the console has no 'ritevisor: done'")
    if is_scripted:
        problems += [match[0] for match in HOOK_FAILURE.finditer(text)]
        if not any(int(count) for count in EVENTS.findall(text)):
            problems.append("the script saw no events")
    return problems


def _read(path):
    return path.read_text(errors="replace") if path.exists() else ""
