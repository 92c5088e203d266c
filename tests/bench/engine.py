"""What the script engine costs: soft-float, opening, heap, pauses, and Ruby programs."""

import re
import tempfile
from pathlib import Path

import boots
from figures import FIGURES

SCRIPTS = Path(__file__).resolve().parent / "scripts"
HOST_RUBY = "build/tests/bench/ruby-{compiler}"
SOFTFLOAT_LINE = re.compile(r"^softfloat: (\w+) (\d+) (\d+)\r?$", re.M)
WORKLOAD_LINE = re.compile(r"workload: (\w+) (\d+) (.*?)\r?$", re.M)
HEAP_LINE = re.compile(r"idle: heap (\d+)")
LOAD_LINE = re.compile(r"^control: loading takes (\d+) instructions, the longest stretch (\d+)", re.M)
LIST_LINE = re.compile(r"^control: a list takes (\d+) instructions", re.M)
TOTALS_LINE = re.compile(r"^totals: (\d+)$", re.M)

# Real scripts, together about 100 lines.
HUNDRED_LINES = ["scripts/io_statistics.rb", "scripts/cpuid_rewrite.rb"]
WHILE_TURNS = 20_000  # in scripts/workloads.rb
# Often enough that the garbage collector goes round.
GC_EVENTS = 1500
GC_OPTIONS = ["--option", "heap=32M", "--option", "memory=64M"]
HOST_FIGURES = re.compile("math_|float_|heap_")


def measure_softfloat(figures):
    """An engine of its own, on the machine: tests/bench/softfloat.c says which operands."""
    text = boots.boot(["--engine", "build/tests/bench/softfloat.elf",
                       "--script", str(SCRIPTS / "idle.rb"), *boots.IDLE_GUEST])  # fmt: skip
    for name, mean, worst in SOFTFLOAT_LINE.findall(text):
        figures[f"softfloat_{name}_instructions"] = int(mean)
        figures[f"softfloat_{name}_worst_instructions"] = int(worst)


def measure_library(figures):
    """What the engine's functions take a call on this machine's CPU, by single-stepping."""
    status, text = boots.run(["build/tests/softfloat/cost"])
    if status != 0:
        raise boots.BenchError(f"build/tests/softfloat/cost ended with status {status}")
    for line in text.splitlines():
        name, mean, _ = line.split()
        if HOST_FIGURES.match(name) and name in FIGURES:
            figures[name] = int(mean)


def measure_open(figures):
    """At CPL 3 alone: the hypervisor's start waits for clocks, a different time in each run."""
    figures["engine_open_instructions"] = setup_of_scripts(1)
    figures["engine_copied_instructions"] = setup_of_scripts(3) - setup_of_scripts(2)


def setup_of_scripts(count):
    """What so many scripts of a hundred lines take until the guest starts."""
    with tempfile.TemporaryDirectory(prefix="ritevisor-bench-") as folder:
        options = []
        for number in range(count):
            script = Path(folder, f"hundred_{number}.rb")
            script.write_text("\n".join((boots.ROOT / name).read_text() for name in HUNDRED_LINES))
            options += ["--script", str(script)]
        counters, _ = boots.boot_counted([*options, *boots.IDLE_GUEST])
    return counters["engine_setup_instructions"]


def measure_live(figures):
    """As the guest sees it, between two of its instructions."""
    options = ["--option", "control=load", "--option", "auth=open", "--option", "loglevel=notice"]
    text = boots.boot([*options, "--multiboot", "build/tests/guest/control.elf", "--append", "cycles=1"])
    load, listing = LOAD_LINE.search(text), LIST_LINE.search(text)
    if not load or not listing:
        raise boots.BenchError("the guest that loads scripts printed no figures")
    figures["live_load_guest_stall_instructions"] = int(load[1])
    figures["live_load_longest_stretch_instructions"] = int(load[2])
    figures["hypercall_list_instructions"] = int(listing[1])


def measure_idle_heap(figures):
    guest = [*boots.BENCH_GUEST, "--append", "loops=port_read iterations=1"]
    text = boots.boot(["--script", str(SCRIPTS / "idle.rb"), *guest])
    figures["idle_heap_bytes"] = int(HEAP_LINE.findall(text)[-1])


def gc_extremes(options):
    append = f"loops=port_read iterations={GC_EVENTS} extremes=1"
    script = ["--script", str(SCRIPTS / "gc_live.rb")]
    loops = boots.run_loops([*GC_OPTIONS, *script, *options], append)
    return loops["port_read_shortest"], loops["port_read_longest"]


def measure_gc(figures):
    shortest, longest = gc_extremes([])
    figures["gc_event_instructions"] = shortest
    figures["gc_longest_pause_instructions"] = longest - shortest
    shortest, longest = gc_extremes(["--option", "large=yes"])
    figures["gc_longest_pause_large_instructions"] = longest - shortest


def host_workloads(compiler):
    """Returns ({workload: instructions}, {workload: result}) of the host's mruby, by callgrind,
    which writes and clears its counters whenever the script reads Machine.tsc."""
    with tempfile.TemporaryDirectory(prefix="ritevisor-bench-") as folder:
        out = Path(folder, "out")
        words = ["valgrind", "-q", "--tool=callgrind", f"--callgrind-out-file={out}",
                 "--dump-before=machine_tsc", HOST_RUBY.format(compiler=compiler), "--verbose",
                 str(SCRIPTS / "workloads.rb")]  # fmt: skip
        status, text = boots.run(words)
        lines = WORKLOAD_LINE.findall(text)
        if status != 0 or not lines:
            raise boots.BenchError(f"{' '.join(words)}\n  ended with status {status}:\n  {text}")
        # Dump 2 n is from before workload n to behind it.
        totals = [
            int(TOTALS_LINE.search(Path(f"{out}.{2 * number}").read_text())[1])
            for number in range(1, len(lines) + 1)
        ]
    names = [name for name, _, _ in lines]
    return dict(zip(names, totals)), {name: result for name, _, result in lines}


def measure_workloads(figures):
    text = boots.boot(["--script", str(SCRIPTS / "workloads.rb"), *boots.IDLE_GUEST])
    lines = WORKLOAD_LINE.findall(text)
    ours = {name: int(ticks) for name, ticks, _ in lines}
    results = {name: result for name, _, result in lines}
    clang, clang_results = host_workloads("clang")
    gcc, gcc_results = host_workloads("gcc")
    if not results or results != clang_results or results != gcc_results:
        raise boots.BenchError(f"results differ: {results}, {clang_results}, {gcc_results}")
    turn = {name: counts.pop("while_loop") / WHILE_TURNS
            for name, counts in (("ours", ours), ("clang", clang), ("gcc", gcc))}  # fmt: skip
    for name, instructions in ours.items():
        figures[f"workload_{name}_instructions"] = instructions
        figures[f"host_workload_{name}_instructions"] = clang[name]
        figures[f"host_gcc_workload_{name}_instructions"] = gcc[name]
        figures[f"workload_{name}_over_host_ratio"] = round(instructions / clang[name], 3)
    figures["interpreter_turn_instructions"] = round(turn["ours"])
    figures["host_interpreter_turn_instructions"] = round(turn["clang"])
    figures["interpreter_turn_gcc_instructions"] = round(turn["gcc"])
    closed = (turn["clang"] - turn["ours"]) / (turn["clang"] - turn["gcc"])
    figures["interpreter_gap_closed_percent"] = round(100 * closed, 1)


def names(pattern):
    return [name for name in FIGURES if re.match(pattern, name)]


STEPS = [
    ("soft-float, in an engine on the machine", names("softfloat_"), measure_softfloat, "both"),
    ("math, decimal text and the allocator", names("math_|float_|heap_"), measure_library, "both"),
    ("opening an engine", names("engine_(open|copied)"), measure_open, "amd"),
    ("loading a script while the guest lives", names("live_load|hypercall_list"), measure_live, "amd"),
    ("an idle script's heap", ["idle_heap_bytes"], measure_idle_heap, "both"),
    ("pauses of the garbage collector", names("gc_"), measure_gc, "both"),
    ("Ruby programs, on the machine and on the host", names("workload_|interpreter_"),
     measure_workloads, "both"),
]  # fmt: skip
