"""What reading a USB stick costs under Linux by xHCI, beside the bare machine: a request is three bulk transfers."""

import re
import tempfile
from pathlib import Path

import boots
import linux_guest
from host import images
from host.machine import GUEST_APPEND
from host.paths import KERNEL_PACKAGE

HERE = Path(__file__).resolve().parent
REQUESTS = 100
TRANSFERS = 3 * REQUESTS  # the command, the data, the status
WITH_WARM_UP = TRANSFERS + TRANSFERS // 4  # of load.c, before its first mark
MARK = 16
DRIVERS = ["xhci_pci", "usb_storage", "sd_mod"]
SCRIPTS = ["unhooked", "policy", "filtered", "observed", "changed"]
COMMANDS_SCRIPTS = ["commands_observed", "commands_changed"]  # hooks of disks' requests: of SCSI commands
INTERRUPTS = re.compile(r"^usb interrupts (\d+)\r?$", re.M)
COMMANDS = f"""
for module in /bench/*.ko; do insmod $module || exit 1; done
for i in $(seq 100); do [ -e /dev/sda ] && break; sleep 0.2; done
sleep 1
interrupts() {{
	awk '/xhci/ {{ for (i = 2; i <= NF; i++) if ($i ~ /^[0-9]+$/) sum += $i; else break }} END {{ print sum + 0 }}' /proc/interrupts
}}
exec 3</dev/sda # opening it asks it for things
before=$(interrupts)
load requests {MARK} /dev/sda {REQUESTS} 1
echo "usb interrupts $(($(interrupts) - before))"
"""


def run_guest(options, work):
    """Returns (instructions of all, those of ours, exits, interrupts), each a transfer."""
    kernel = next((KERNEL_PACKAGE.parent / "stock").glob("boot/vmlinuz-*"))
    words = [*options, "--machine", "q35", "--kernel", str(kernel), "--initrd", f"{work}/initrd",
             "--append", images.guest_append(GUEST_APPEND + " nokaslr", "sh /bench/usb.sh")]  # fmt: skip
    stick = ["-device", "qemu-xhci,id=x", "-drive", f"if=none,id=stick,format=raw,snapshot=on,file={work}/stick",
             "-device", "usb-storage,bus=x.0,drive=stick"]  # fmt: skip
    counters, text = boots.boot_counted(words, [*boots.ICOUNT_REAL_IDLE, *stick])
    interrupts = INTERRUPTS.search(text)
    if "load: requests " not in text or not interrupts:
        raise boots.BenchError("the load failed:\n" + "\n".join(text.splitlines()[-20:]))
    found = [counters[f"mark_{MARK + 1}_{what}"] - counters[f"mark_{MARK}_{what}"]
             for what in ("instructions", "ours_instructions", "vmruns_count")]  # fmt: skip
    return [count / TRANSFERS for count in found] + [int(interrupts[1]) / WITH_WARM_UP]


def measure(figures):
    with tempfile.TemporaryDirectory(prefix="ritevisor-bench-") as work:
        linux_guest.build_initrd(f"{work}/initrd", HERE / "load.c", DRIVERS, [("usb.sh", COMMANDS)], KERNEL_PACKAGE.parent / "stock")
        linux_guest.build_disk_content(f"{work}/stick")
        bare = run_guest(["--bare"], work)
        runs = {}
        for name in SCRIPTS + COMMANDS_SCRIPTS:
            script = [] if name == "unhooked" else ["--script", str(HERE / "scripts" / f"usb_{name}.rb")]
            runs[name] = run_guest(["--option", "budget_us=1000000", *script], work)
    for name in COMMANDS_SCRIPTS:
        all_of_it, ours, exits, _ = (each * TRANSFERS / REQUESTS for each in runs.pop(name))
        figures[f"usb_{name}_exits_per_command_count"] = round(exits, 2)
        figures[f"usb_{name}_instructions"] = round(all_of_it)
        figures[f"bare_usb_{name}_instructions"] = round(bare[0] * TRANSFERS / REQUESTS)
        figures[f"usb_{name}_extra_instructions"] = round(ours - runs["unhooked"][1] * TRANSFERS / REQUESTS)
    for name, (all_of_it, ours, exits, interrupts) in runs.items():
        figures[f"usb_{name}_exits_per_transfer_count"] = round(exits, 2)
        figures[f"usb_{name}_instructions"] = round(all_of_it)
        figures[f"bare_usb_{name}_instructions"] = round(bare[0])
        if name != "unhooked":
            figures[f"usb_{name}_extra_instructions"] = round(ours - runs["unhooked"][1])
        if name == "policy":
            figures["usb_policy_exits_but_interrupts_count"] = round(exits - interrupts, 2)


NAMES = [f"usb_{name}_{what}" for name in SCRIPTS for what in ("exits_per_transfer_count", "instructions", "extra_instructions")
         if name != "unhooked" or what != "extra_instructions"]  # fmt: skip
NAMES.insert(NAMES.index("usb_policy_instructions"), "usb_policy_exits_but_interrupts_count")
NAMES += [f"usb_{name}_{what}" for name in COMMANDS_SCRIPTS for what in ("exits_per_command_count", "instructions", "extra_instructions")]
STEPS = [("transfers of a USB stick under Linux", NAMES, measure, "amd")]
