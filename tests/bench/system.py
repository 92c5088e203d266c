"""What a whole Linux costs: its boot, and loads of a fixed amount, beside the bare machine."""

import statistics
import tempfile
from pathlib import Path

import boots
import linux_guest
from figures import FIGURES
from host import images
from host.machine import GUEST_APPEND

HERE = Path(__file__).resolve().parent
REPEATS = 5
MARK_BOOT_SECTOR, MARK_USER_SPACE, MARK_KERNEL = 0, 1, 2
# Load: first of its marks, and what the guest runs; each repeat has two marks more.
LOADS = {
    "fork": (16, "load fork {mark} 40"),
    "disk": (32, "load disk {mark} /dev/vda 16"),
    "ide": (48, "load disk {mark} /dev/sdb 8"),
    "net": (64, "load net {mark} eth0 eth1 1000"),
}
# One figure for both kinds of disk.
FIGURE_LOADS = {"fork": ["fork"], "disk": ["disk", "ide"], "net": ["net"]}
ASKED = {"cpuid", "msr_read", "msr_write", "port"}


def guest_commands():
    lines = [
        "for module in /bench/*.ko; do insmod $module || exit 1; done",
        "ip link set eth0 up && ip link set eth1 up && sleep 1 || exit 1",
        f"load mark {MARK_USER_SPACE}",
    ]
    for repeat in range(REPEATS):
        lines += [command.format(mark=first + 2 * repeat) + " || exit 1"
                  for first, command in LOADS.values()]  # fmt: skip
    return "\n".join(lines) + "\n"


def devices(disk):
    """A request takes half a millisecond, and a frame leaves when a timer says so: else the guest
    would idle or not as the host's threads happen to run, and no two runs were alike."""
    words = []
    for name in ("virtio", "ide"):
        words += ["-drive", f"if=none,id={name},file={disk},format=raw,snapshot=on,"
                            "throttling.iops-total=2000"]  # fmt: skip
    words += ["-device", "virtio-blk-pci,drive=virtio,ioeventfd=off",
              "-device", "ide-hd,drive=ide,bus=ide.0,unit=1"]  # fmt: skip
    for name in ("a", "b"):
        words += ["-netdev", f"hubport,id={name},hubid=1",
                  "-device", f"virtio-net-pci,netdev={name},romfile=,tx=timer"]  # fmt: skip
    return words


def run_guest(work, options):
    """Returns (counters, the lines of the loads, all that was printed)."""
    append = images.guest_append(GUEST_APPEND + " nokaslr", guest_commands())
    kernel = str(images.guest_kernel())
    guest = ["--kernel", kernel, "--initrd", f"{work}/initrd", "--append", append]
    counters, text = boots.boot_counted(
        [*options, *guest], [*boots.ICOUNT_REAL_IDLE, *devices(f"{work}/disk")]
    )
    results = [line for line in text.splitlines() if line.startswith("load: ")]
    if len(results) != REPEATS * len(LOADS):
        raise boots.BenchError("the loads failed:\n" + "\n".join(text.splitlines()[-20:]))
    return counters, results, text


def between(counters, first, last, what="instructions"):
    return counters[f"mark_{last}_{what}"] - counters[f"mark_{first}_{what}"]


def load_samples(counters, figure, what="instructions"):
    """Returns one value a repeat."""
    firsts = [LOADS[load][0] for load in FIGURE_LOADS[figure]]
    return [
        sum(between(counters, first + 2 * repeat, first + 2 * repeat + 1, what) for first in firsts)
        for repeat in range(REPEATS)
    ]


def noise_percent(*runs):
    """Twice the standard error of the difference of two means, of the mean."""
    variance = sum(statistics.variance(samples) / len(samples) for samples in runs)
    return 100 * 2 * variance**0.5 / statistics.mean(runs[0])


def percent_over(ours, bare):
    return round(100 * (ours / bare - 1), 3)


def hypervisor_percent(ours, total):
    return round(100 * sum(ours) / sum(total), 4)


def measure_system(figures):
    with tempfile.TemporaryDirectory(prefix="ritevisor-bench-") as work:
        linux_guest.build_initrd(f"{work}/initrd", HERE / "load.c")
        linux_guest.build_disk_content(f"{work}/disk")
        bare, bare_results, _ = run_guest(work, ["--bare"])
        ours, results, text = run_guest(work, [])
    if results != bare_results:
        raise boots.BenchError(f"the loads' results differ: {results}, bare {bare_results}")
    # The firmware polls the disk while it waits, so how much it executes is the host's luck.
    boot, loader = (MARK_KERNEL, MARK_USER_SPACE), (MARK_BOOT_SECTOR, MARK_KERNEL)
    total, bare_total = between(ours, *boot), between(bare, *boot)
    figures["system_boot_over_bare_percent"] = percent_over(total, bare_total)
    figures["system_loader_over_bare_percent"] = percent_over(
        between(ours, *loader), between(bare, *loader)
    )
    both = (MARK_BOOT_SECTOR, MARK_USER_SPACE)
    figures["system_boot_hypervisor_percent"] = hypervisor_percent(
        [between(ours, *both, "ours_instructions")], [between(ours, *both)]
    )
    figures["system_boot_exits_count"] = between(ours, *both, "vmruns_count")
    for name in FIGURE_LOADS:
        samples, bare_samples = load_samples(ours, name), load_samples(bare, name)
        mean, bare_mean = statistics.mean(samples), statistics.mean(bare_samples)
        figures[f"system_{name}_over_bare_percent"] = percent_over(mean, bare_mean)
        figures[f"system_{name}_noise_percent"] = round(noise_percent(bare_samples, samples), 3)
        figures[f"system_{name}_hypervisor_percent"] = hypervisor_percent(
            load_samples(ours, name, "ours_instructions"), samples
        )
        figures[f"system_{name}_exits_count"] = max(load_samples(ours, name, "vmruns_count"))
        total += sum(samples)
        bare_total += sum(bare_samples)
    figures["system_instructions_over_bare_percent"] = percent_over(total, bare_total)
    figures["system_unasked_exits_count"] = unasked_exits(text)


def unasked_exits(text):
    return sum(count for kind, count in boots.exits_by_kind(text).items() if kind not in ASKED)


def measure_boot(figures):
    counters, _ = boots.boot_counted(["--bare"])
    figures["bare_boot_instructions"] = counters["guest_instructions"]
    counters, text = boots.boot_counted([])
    setup = counters["hypervisor_setup_instructions"] + counters["engine_setup_instructions"]
    ours = counters["hypervisor_instructions"] + counters["engine_instructions"] - setup
    since_vmrun = ours + counters["guest_instructions"] - counters["guest_setup_instructions"]
    figures["boot_instructions"] = ours + setup + counters["guest_instructions"]
    figures["boot_hypervisor_instructions"] = ours
    figures["boot_setup_instructions"] = setup
    figures["boot_hypervisor_share_percent"] = round(100 * ours / since_vmrun, 5)
    figures["boot_longest_exit_instructions"] = counters["exit_longest_instructions"]
    count_exits(figures, text)


def measure_boot_exits(figures):
    """What Bochs can tell of a boot."""
    text = boots.boot([])
    count_exits(figures, text)
    figures["system_unasked_exits_count"] = unasked_exits(text)


def count_exits(figures, text):
    figures["boot_exits_count"] = boots.exits_total(text)
    for kind, count in boots.exits_by_kind(text).items():
        figures[f"boot_exits_{kind}_count"] = count
    figures["reserved_bytes"] = boots.reserved_bytes(text)


SYSTEM_FIGURES = [name for name in FIGURES if name.startswith("system_")]
BOOT_FIGURES = ["boot_exits_count", "boot_hypervisor_share_percent", "boot_hypervisor_instructions",
                "boot_instructions", "boot_setup_instructions", "boot_longest_exit_instructions",
                "reserved_bytes"]  # fmt: skip

STEPS = [
    ("a Linux that boots and works", SYSTEM_FIGURES, measure_system, "amd"),
    ("a run of the built-in guest", BOOT_FIGURES, measure_boot, "amd"),
    ("exits in a run of the built-in guest", ["boot_exits_count", "reserved_bytes"],
     measure_boot_exits, "intel"),
]  # fmt: skip
