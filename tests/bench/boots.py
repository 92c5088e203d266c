"""Boots whose instructions are counted: the bench guest's loops, and a whole Linux.

QEMU counts with -icount and a plugin. Bochs, for Intel, has no plugin, but its time stamp counter
counts instructions anyway.
"""

import re
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
ICOUNT = ["-icount", "shift=0,sleep=off"]
# Idle time passes as it does for everyone, so that a guest that waits for a disk sees few ticks.
ICOUNT_REAL_IDLE = ["-icount", "shift=0,sleep=on"]
BENCH_GUEST = ["--multiboot", "build/tests/guest/bench.elf"]
IDLE_GUEST = [*BENCH_GUEST, "--append", "loops=empty iterations=1"]

LOOP_LINE = re.compile(r"^bench: (\w+) (\d+) (\d+)\r?$", re.M)
EXITS_LINE = re.compile(r"ritevisor: summary: exits (\d+)(?:: (.*?))?\r?$", re.M)
RESERVED_LINE = re.compile(r"ritevisor: memory 0x([0-9a-f]+)-0x([0-9a-f]+) reserved", re.M)
TIMEOUT_S = 600


cpu = "amd"


class BenchError(Exception):
    """A run did not give what was to be measured."""


def run(words):
    """Runs a program to its end; returns (status, what it printed). It ends when we are ended."""
    process = subprocess.Popen(
        words, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        output, _ = process.communicate()
    except BaseException:
        process.terminate()
        process.wait()
        raise
    return process.returncode, output.decode(errors="replace")


def boot(options, qemu_options=ICOUNT):
    """Runs ./ritevisor boot. Returns what it printed. The option fast is set, unless strict is."""
    if "strict" not in options and "--bare" not in options:
        options = ["--option", "fast", *options]
    words = ["./ritevisor", "boot", "--cpu", cpu, "--timeout", str(TIMEOUT_S), *options]
    if cpu == "amd":
        words += ["--", *qemu_options]
    status, text = run(words)
    if status != 0:
        tail = "\n  ".join(text.strip().splitlines()[-8:])
        raise BenchError(f"{' '.join(words)}\n  ended with status {status}:\n  {tail}")
    return text


def boot_counted(options, qemu_options=ICOUNT):
    """Runs ./ritevisor boot with the counting plugin. Returns (counters, what it printed)."""
    with tempfile.TemporaryDirectory(prefix="ritevisor-bench-") as folder:
        out = Path(folder, "counters")
        plugin = ["-plugin", f"{ROOT}/build/tests/bench/plugin.so,out={out}"]
        text = boot(options, [*qemu_options, *plugin])
        lines = out.read_text().splitlines()
    return {name: int(value) for name, value in (line.split() for line in lines)}, text


def run_loops(options, append, guest="bench"):
    """Boots a guest that measures itself. Returns {loop: instructions a round}, the loop's own
    included, rounded to whole ones."""
    program = ["--multiboot", f"build/tests/guest/{guest}.elf", "--append", append]
    return parse_loops(boot([*options, *program]))


def parse_loops(text):
    loops = {name: int(ticks) // int(rounds) for name, ticks, rounds in LOOP_LINE.findall(text)}
    if not loops:
        raise BenchError("the bench guest printed no figures")
    return loops


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
