"""Boots whose instructions are counted: the bench guest's loops, and a whole Linux.

QEMU counts with -icount and a plugin. Bochs, for Intel, has no plugin, but its time stamp counter
counts instructions anyway.
"""

import re
import subprocess
import tempfile
from pathlib import Path

ICOUNT = ["-icount", "shift=0,sleep=off"]
LOOP_LINE = re.compile(r"^bench: (\w+) (\d+) (\d+)\r?$", re.M)
EXITS_LINE = re.compile(r"^ritevisor: summary: exits (\d+)(?:: (.*?))?\r?$", re.M)
RESERVED_LINE = re.compile(r"^ritevisor: memory 0x([0-9a-f]+)-0x([0-9a-f]+) reserved", re.M)
LINUX_TIMEOUT_S = 300
GUEST_TIMEOUT_S = 60


cpu = "amd"


class BenchError(Exception):
    """A boot did not give what was to be measured."""


def boot(root, options, qemu_options, timeout_s):
    """Runs ./ritevisor boot. Returns what it printed."""
    words = ["./ritevisor", "boot", "--cpu", cpu, "--timeout", str(timeout_s), *options]
    if cpu == "amd":
        words += ["--", *qemu_options]
    done = subprocess.run(
        words, cwd=root, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )  # fmt: skip
    text = done.stdout.decode(errors="replace")
    if done.returncode != 0:
        tail = "\n  ".join(text.strip().splitlines()[-8:])
        raise BenchError(f"{' '.join(words)}\n  ended with status {done.returncode}:\n  {tail}")
    return text


def run_loops(root, options, append):
    """Boots the bench guest. Returns {loop: instructions a round}, the loop itself included."""
    guest = ["--multiboot", "build/tests/guest/bench.elf", "--append", append]
    text = boot(root, [*options, *guest], ICOUNT, GUEST_TIMEOUT_S)
    loops = {name: int(ticks) // int(rounds) for name, ticks, rounds in LOOP_LINE.findall(text)}
    if not loops:
        raise BenchError("the bench guest printed no figures")
    return loops


def run_linux(root, options):
    """Boots the built-in Linux guest with the counting plugin. Returns (counters, its output)."""
    with tempfile.TemporaryDirectory(prefix="ritevisor-bench-") as folder:
        out = Path(folder, "counters")
        plugin = ["-plugin", f"{root}/build/tests/bench/plugin.so,out={out}"]
        text = boot(root, options, ICOUNT + plugin, LINUX_TIMEOUT_S)
        lines = out.read_text().splitlines()
    return {name: int(value) for name, value in (line.split() for line in lines)}, text


def run_linux_uncounted(root):
    """Boots the built-in Linux guest. Returns its output."""
    return boot(root, [], [], LINUX_TIMEOUT_S)


def exits_total(text):
    match = EXITS_LINE.search(text)
    if not match:
        raise BenchError("the summary names no exits")
    return int(match[1])


def exits_by_kind(text):
    """Returns {kind: count} from the summary."""
    match = EXITS_LINE.search(text)
    if not match:
        raise BenchError("the summary names no exits")
    pairs = (item.rsplit(" ", 1) for item in (match[2] or "").split(", ") if item)
    return {kind.lower().replace(" ", "_"): int(count) for kind, count in pairs}


def reserved_bytes(text):
    match = RESERVED_LINE.search(text)
    if not match:
        raise BenchError("the log does not say how much memory is reserved")
    return int(match[2], 16) - int(match[1], 16) + 1
