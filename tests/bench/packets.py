"""What packets cost under Linux: bulk TCP by a virtio network card, both ways, beside the bare machine."""

import re
import tempfile
from pathlib import Path

import boots
import linux_guest
from host import images
from host.machine import GUEST_APPEND

HERE = Path(__file__).resolve().parent
MIB = 2  # each way
LOADS = ["rx", "tx"]
FIRST_MARK = 16  # each load has two
SCRIPTS = ["filtered", "into", "observed", "changed"]
COMMANDS = {
    "rx": "nc 10.0.2.100 80 </dev/null >/dev/null",
    "tx": f"head -c {MIB << 20} /dev/zero | nc 10.0.2.100 81 >/dev/null",
}
PACKETS = re.compile(r"^packets (\w+) (\w+) (\d+) (\d+) (\d+) (\d+)\r?$", re.M)


def marks(name, way):
    """The load's two, with that script, or with none ("none")."""
    first = FIRST_MARK + 4 * ["none", *SCRIPTS].index(name) + 2 * LOADS.index(way)
    return first, first + 1


def guest_commands(names):
    """Scripts come and go while the guest runs: the card is used when the first comes."""
    count = "$(cat /sys/class/net/eth0/statistics/rx_packets) $(cat /sys/class/net/eth0/statistics/tx_packets)"
    lines = [
        "for module in /bench/*.ko; do insmod $module || exit 1; done",
        "ip link set eth0 up && ip addr add 10.0.2.15/24 dev eth0 && sleep 1 || exit 1",
        *COMMANDS.values(),
    ]
    for name in names:
        if name in SCRIPTS:
            lines += [f"ritectl -q load /bench/net_{name}.rb || exit 1", COMMANDS["rx"]]
        for way in LOADS:
            first, last = marks(name, way)
            lines += [f'before="{count}"', f"load mark {first}", COMMANDS[way], f"load mark {last}",
                      f'echo "packets {name} {way} $before {count}"']  # fmt: skip
        if name in SCRIPTS:
            lines += [f"ritectl -q unload net_{name}.rb || exit 1"]
    return "\n".join(lines) + "\n"


def run_guest(options, names, work):
    """Returns {name: {way: (instructions, exits, packets)}}."""
    ways = "".join(f",guestfwd=tcp:10.0.2.100:{port}-cmd:{command}"
                   for port, command in ((80, f"cat {work}/file"), (8080, f"cat {work}/file"),
                                         (81, "wc -c"), (8081, "wc -c")))  # fmt: skip
    append = images.guest_append(GUEST_APPEND + " nokaslr", f"sh /bench/{len(names)}.sh")
    words = [*options, "--kernel", str(images.guest_kernel()), "--initrd", f"{work}/initrd", "--append", append]
    card = ["-netdev", f"user,id=bulk{ways}", "-device", "virtio-net-pci,netdev=bulk,romfile="]
    counters, text = boots.boot_counted(words, [*boots.ICOUNT_REAL_IDLE, *card])
    found = {(name, way): int(rx) + int(tx) - int(rx_before) - int(tx_before)
             for name, way, rx_before, tx_before, rx, tx in PACKETS.findall(text)}  # fmt: skip
    if set(found) != {(name, way) for name in names for way in LOADS}:
        raise boots.BenchError("the loads failed:\n" + "\n".join(text.splitlines()[-20:]))

    def between(name, way):
        first, last = marks(name, way)
        return [counters[f"mark_{last}_{what}"] - counters[f"mark_{first}_{what}"]
                for what in ("instructions", "vmruns_count")] + [found[name, way]]  # fmt: skip

    return {name: {way: between(name, way) for way in LOADS} for name in names}


def ratio(bare, ours):
    """How much of the work is the guest's, as it would be bare."""
    return round(sum(bare[way][0] for way in LOADS) / sum(ours[way][0] for way in LOADS), 3)


def measure(figures):
    with tempfile.TemporaryDirectory(prefix="ritevisor-bench-") as work:
        files = [(f"{len(names)}.sh", guest_commands(names)) for names in (["none"], ["none", *SCRIPTS])]
        files += [(f"net_{name}.rb", (HERE / "scripts" / f"net_{name}.rb").read_text()) for name in SCRIPTS]
        linux_guest.build_initrd(f"{work}/initrd", HERE / "load.c", ["virtio_pci", "virtio_net"], files)
        Path(work, "file").write_bytes(bytes(MIB << 20))
        bare = run_guest(["--bare"], ["none"], work)["none"]
        options = ["--option", "control=load", "--option", "budget_us=1000000"]
        runs = run_guest(options, ["none", *SCRIPTS], work)
    unhooked = runs.pop("none")
    figures["virtio_net_unhooked_over_bare_ratio"] = ratio(bare, unhooked)
    for name, run in runs.items():
        figures[f"virtio_net_{name}_over_bare_ratio"] = ratio(bare, run)
        for way in LOADS:
            instructions, exits, packets = run[way]
            base, base_exits, base_packets = unhooked[way]
            figures[f"virtio_net_{way}_{name}_extra_instructions"] = round(instructions / packets - base / base_packets)
            figures[f"virtio_net_{way}_{name}_exits_per_packet_count"] = round(exits / packets, 2)
    for way in LOADS:
        figures[f"virtio_net_{way}_unhooked_exits_per_packet_count"] = round(unhooked[way][1] / unhooked[way][2], 2)


NAMES = ["virtio_net_unhooked_over_bare_ratio"]
NAMES += [f"virtio_net_{name}_over_bare_ratio" for name in SCRIPTS]
NAMES += [f"virtio_net_{way}_unhooked_exits_per_packet_count" for way in LOADS]
for way in LOADS:
    for name in SCRIPTS:
        NAMES += [f"virtio_net_{way}_{name}_{what}"
                  for what in ("extra_instructions", "exits_per_packet_count")]  # fmt: skip

STEPS = [("packets of bulk TCP by a virtio card", NAMES, measure, "amd")]
