"""What an access of the guest costs: unclaimed, claimed by C, hooked; and an IPI."""

import re
from pathlib import Path

import boots
from host import images

SCRIPTS = Path(__file__).resolve().parent / "scripts"
PORT = 0x80  # no device answers there, and no BIOS or OS minds
IPI_ROUNDS = (100, 1100)
IPIS_A_ROUND = 2
STRICT = ["--option", "strict"]
APIC_FIGURES = ["apic_eoi_instructions", "apic_exits_per_interrupt_count"] + [
    f"boot_exits_{name}_{cpus}_cpus_count" for name in ("fast", "default") for cpus in (1, 2)
]

REQUESTS = {
    "request_pass_instructions": "request_pass.rb",
    "request_ruby_instructions": "request.rb",
}
VIRTIO_FIGURES = [f"virtio_watch_{what}_per_request_count" for what in ("exits", "interrupts")]
VIRTIO_READS = (100, 600)
LATE_LINE = re.compile(r"^late (\w+) (\d+) (\d+) (\d+)\r?$", re.M)
LATE_LEAST = 20
# Rounds of a service's work that are one slice, and many; what a round takes is known by two of the first.
SUSPEND_LINE = re.compile(r"^suspended: cycles (\d+) (\d+) (\d+), stops (\d+) (\d+) (\d+)\r?$", re.M)
SUSPEND_ROUNDS = (100, 1100, 100_100)
DEADLINE_FIGURES = [f"deadline_{what}_{when}_us" for when in ("idle", "busy") for what in ("late", "latest")]

# The unclaimed accesses: figure and loop of the bench guest.
UNCLAIMED = {
    "cpuid_exit_instructions": "cpuid",
    "port_unclaimed_instructions": "port_read",
    "pci_unclaimed_instructions": "pci_read",
    "msr_unclaimed_instructions": "msr_read",
    "mmio_unclaimed_instructions": "mmio_read",
}
# The claimed ones: figure, script, loop, the guest's option.
CLAIMED = {
    "port_c_instructions": (None, "port_read", "port=pm1a"),
    "pci_at_exit_instructions": ("at_exit.rb", "pci_read", ""),
    "port_filtered_instructions": ("filtered.rb", "port_read", f"port={PORT:#x}"),
    "port_counted_instructions": ("counted.rb", "port_read", f"port={PORT:#x}"),
    "port_ruby_instructions": ("lambda.rb", "port_read", f"port={PORT:#x}"),
    "port_ruby_change_instructions": ("change.rb", "port_write", f"port={PORT:#x}"),
    "u64_and_instructions": ("u64.rb", "msr_read", "msr=0xc0000102"),
}


def measure_unclaimed(figures):
    bare = boots.run_loops(["--bare"], f"port={PORT:#x}")
    ours = boots.run_loops([], f"port={PORT:#x}")
    for name, loop in UNCLAIMED.items():
        figures["bare_" + name] = bare[loop]
        figures[name] = ours[loop]


def measure_claimed(figures):
    for name, (script, loop, option) in CLAIMED.items():
        append = f"loops={loop} {option}"
        figures["bare_" + name] = boots.run_loops(["--bare"], append)[loop]
        options = ["--script", str(SCRIPTS / script)] if script else []
        figures[name] = boots.run_loops(options, append)[loop]


def measure_trace(figures):
    """What a hook into the trace takes more when somebody records."""
    options = ["--script", str(SCRIPTS / "trace.rb"), "--option", "control=load", "--option", "auth=open"]
    loops = f"loops=port_write port={PORT:#x}"
    unrecorded, recorded = (boots.run_loops(options, loops + more)["port_write"] for more in ("", " record=1"))
    figures["trace_record_instructions"] = recorded - unrecorded


def measure_ipi(figures):
    """The exits of starting the second CPU are in both runs of ours."""
    guest = ["--smp", "2", "--multiboot", "build/tests/guest/ipi.elf", "--append"]
    few, many = (boots.boot([*guest, f"iterations={rounds}"]) for rounds in IPI_ROUNDS)
    figures["guest_ipi_instructions"] = boots.parse_loops(many)["ipi"]
    exits = boots.exits_total(many) - boots.exits_total(few)
    figures["guest_ipi_exits_count"] = exits / (IPIS_A_ROUND * (IPI_ROUNDS[1] - IPI_ROUNDS[0]))
    bare = boots.boot(["--bare", *guest, f"iterations={IPI_ROUNDS[1]}"])
    figures["bare_guest_ipi_instructions"] = boots.parse_loops(bare)["ipi"]


def measure_apic(figures):
    """What the default costs beside the option fast, where an INIT does not exit."""
    figures["bare_apic_eoi_instructions"] = boots.run_loops(["--bare"], "loops=apic_eoi")["apic_eoi"]
    figures["apic_eoi_instructions"] = boots.run_loops(STRICT, "loops=apic_eoi")["apic_eoi"]
    guest = [*STRICT, "--smp", "2", "--multiboot", "build/tests/guest/ipi.elf", "--append"]
    few, many = (boots.boot([*guest, f"iterations={rounds}"]) for rounds in IPI_ROUNDS)
    exits = boots.exits_total(many) - boots.exits_total(few)
    figures["apic_exits_per_interrupt_count"] = exits / (IPIS_A_ROUND * (IPI_ROUNDS[1] - IPI_ROUNDS[0]))
    for cpus in (1, 2):
        for name, options in (("fast", []), ("default", STRICT)):
            text = boots.boot([*options, "--smp", str(cpus)])
            figures[f"boot_exits_{name}_{cpus}_cpus_count"] = boots.exits_total(text)


def measure_requests(figures):
    """A request without data, all accesses to registers included."""
    bare = boots.run_loops(["--bare"], "loops=disk_verify")["disk_verify"]
    for name, script in REQUESTS.items():
        figures["bare_" + name] = bare
        options = ["--script", str(SCRIPTS / script)]
        figures[name] = boots.run_loops(options, "loops=disk_verify")["disk_verify"]


def measure_virtio(figures):
    """Linux reads its disk past its cache, once few times and once many. Interrupts of the clock are among these."""
    modules = " ".join(f"/lib/{name}" for name in images.VIRTIO_MODULES)
    runs = []
    for count in VIRTIO_READS:
        guest = (f"for module in {modules}; do insmod $module; done; "
                 f"dd if=/dev/vda of=/dev/null bs=4096 count={count} iflag=direct")  # fmt: skip
        text = boots.boot(["--disk-bus", "virtio", "--script", str(SCRIPTS / "virtio.rb"), "--run", guest],
                          boots.ICOUNT_REAL_IDLE)  # fmt: skip
        kinds = boots.exits_by_kind(text)
        runs.append((kinds.get("nested_page_fault", 0) + kinds["port"], kinds.get("interrupt", 0)))
    requests = VIRTIO_READS[1] - VIRTIO_READS[0]
    for name, few, many in zip(VIRTIO_FIGURES, *runs):
        figures[name] = round((many - few) / requests, 2)


def measure_deadlines(figures):
    """A Linux that sleeps, then one that computes, says which by a port."""
    busy = "i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done"
    guest = f"probe out8 0xe1 0; sleep 1; probe out8 0xe1 1; {busy}; probe out8 0xe1 2"
    text = boots.boot(["--script", str(SCRIPTS / "late.rb"), "--run", guest])
    found = LATE_LINE.findall(text)
    if [name for name, *_ in found] != ["idle", "busy"]:
        raise boots.BenchError("the script did not say how late it was")
    for name, count, median, worst in found:
        if int(count) < LATE_LEAST:
            raise boots.BenchError(f"only {count} times were looked at")
        figures[f"deadline_late_{name}_us"] = int(median)
        figures[f"deadline_latest_{name}_us"] = int(worst)


def measure_suspend(figures):
    """What a service takes beside its own instructions, for each time that it was stopped amid its work."""
    guest = ["--multiboot", "build/tests/guest/timer.elf", "--append", "ticks=800"]
    text = boots.boot(["--option", "services=echo", "--script", str(SCRIPTS / "suspend.rb"), *guest])
    found = SUSPEND_LINE.search(text)
    if not found:
        raise boots.BenchError("the script did not say what the service took")
    few, more, many, *stops = map(int, found.groups())
    if stops[:2] != [0, 0] or stops[2] < 10:
        raise boots.BenchError(f"the service was stopped {stops} times")
    a_round = (more - few) / (SUSPEND_ROUNDS[1] - SUSPEND_ROUNDS[0])
    work = few + a_round * (SUSPEND_ROUNDS[2] - SUSPEND_ROUNDS[0])
    figures["suspend_resume_instructions"] = round((many - work) / stops[2])


STEPS = [
    ("accesses that nobody claims", list(UNCLAIMED), measure_unclaimed, "both"),
    ("accesses that C or a script claims", list(CLAIMED), measure_claimed, "both"),
    ("an event that is recorded", ["trace_record_instructions"], measure_trace, "both"),
    ("requests of a disk", list(REQUESTS), measure_requests, "both"),
    ("requests of a virtio disk", VIRTIO_FIGURES, measure_virtio, "amd"),
    ("deadlines", DEADLINE_FIGURES, measure_deadlines, "both"),
    ("a service that is stopped amid its work", ["suspend_resume_instructions"], measure_suspend, "both"),
    ("IPIs between two CPUs", ["guest_ipi_instructions", "guest_ipi_exits_count"], measure_ipi,
     "both"),
    ("the local APIC by default", APIC_FIGURES, measure_apic, "amd"),
]  # fmt: skip
