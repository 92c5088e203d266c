"""What requests of a disk cost under Linux: exits, and instructions of hypervisor and engine."""

import tempfile
from pathlib import Path

import boots
import linux_guest
from host import images
from host.machine import GUEST_APPEND

HERE = Path(__file__).resolve().parent
COUNT = 400
DEPTHS = {1: 16, 16: 18}  # at a time: the first of the load's two marks
DISKS = {"nvme": "/dev/nvme0n1", "virtio": "/dev/vda"}  # --disk-bus, and what Linux calls it
SCRIPTS = {
    "filtered": "disk_filtered.rb",
    "into": "disk_into.rb",
    "observed": "disk_observed.rb",
    "changed": "disk_changed.rb",
}


def guest_words(bus, loads, work):
    """Options of ./ritevisor boot: a Linux with such a disk that does that, of which %s is the disk."""
    modules = "for module in /bench/*.ko; do insmod $module || exit 1; done; sleep 1"
    loads = [load.replace("%s", DISKS[bus]) for load in loads]
    append = images.guest_append(GUEST_APPEND + " nokaslr", "; ".join([modules, *loads]))
    linux_guest.build_initrd(f"{work}/initrd", HERE / "load.c")
    return ["--disk-bus", bus, "--option", "budget_us=1000000", "--kernel", str(images.guest_kernel()),
            "--initrd", f"{work}/initrd", "--append", append]  # fmt: skip


def run_guest(bus, script, work):
    """Returns {depth: (instructions of ours, exits)}, each a request."""
    loads = [f"load requests {mark} %s {COUNT} {depth}" for depth, mark in DEPTHS.items()]
    options = ["--script", str(HERE / "scripts" / script)] if script else []
    counters, text = boots.boot_counted([*options, *guest_words(bus, loads, work)], boots.ICOUNT_REAL_IDLE)
    if text.count("load: requests ") != len(DEPTHS):
        raise boots.BenchError("the loads failed:\n" + "\n".join(text.splitlines()[-20:]))
    return {
        depth: [
            (counters[f"mark_{mark + 1}_{what}"] - counters[f"mark_{mark}_{what}"]) / COUNT
            for what in ("ours_instructions", "vmruns_count")
        ]
        for depth, mark in DEPTHS.items()
    }


def measure_bus(bus):
    def measure(figures):
        with tempfile.TemporaryDirectory(prefix="ritevisor-bench-") as work:
            runs = {name: run_guest(bus, script, work) for name, script in SCRIPTS.items()}
            unhooked = run_guest(bus, None, work)
        for depth in DEPTHS:
            figures[f"{bus}_unhooked_exits_per_request_{depth}_count"] = round(unhooked[depth][1], 2)
            figures[f"{bus}_watch_exits_per_request_{depth}_count"] = round(runs["observed"][depth][1], 2)
        for name in SCRIPTS:
            figures[f"{bus}_{name}_extra_instructions"] = round(runs[name][1][0] - unhooked[1][0])
            figures[f"{bus}_{name}_16_extra_instructions"] = round(runs[name][16][0] - unhooked[16][0])

    return measure


def names_of(bus):
    exits = [f"{bus}_{what}_exits_per_request_{depth}_count"
             for what in ("unhooked", "watch") for depth in DEPTHS]  # fmt: skip
    return exits + [f"{bus}_{name}{many}_extra_instructions" for name in SCRIPTS for many in ("", "_16")]


STEPS = [(f"requests of {bus} under Linux", names_of(bus), measure_bus(bus), "amd") for bus in DISKS]
