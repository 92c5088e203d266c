#!/usr/bin/env python3
"""fio, which verifies what it reads by checksums, under a Linux with two CPUs, while scripts come to its disk and go again.

run.py BUS COMMAND...   BUS: nvme, virtio, ide, usb; COMMAND: ./ritevisor boot

The disk is the one of 48 MiB. guest.sh is what the guest does; watch.rb, change.rb and delay.rb are the scripts.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent.parent
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "tests" / "bench")]

import linux_guest  # noqa: E402
from host import images  # noqa: E402
from host.paths import GUEST_INITRD, KERNEL_PACKAGE  # noqa: E402

DISK_BYTES = 48 << 20
STOCK = KERNEL_PACKAGE.parent / "stock"  # the cloud's kernel has no USB
STOCK_IMAGES = ROOT / "build/tests/stock"
DISKS = {
    "nvme": ("nvme0n1", ["-device", "nvme,serial=RV1,drive=second"]),
    "virtio": ("virtio0", ["-device", "virtio-blk-pci,serial=RV1,drive=second"]),
    "ide": ("ide1", ["-device", "ide-hd,bus=ide.0,unit=1,serial=RV1,drive=second"]),
    "usb": ("usb0", ["-device", "qemu-xhci,id=x", "-device", "usb-storage,bus=x.0,serial=RV1,drive=second"]),
}


def build_initrd(folder, bus):
    name, _ = DISKS[bus]
    root = folder / "root"
    (root / "fio").mkdir(parents=True)
    linux_guest.copy_programs([shutil.which("fio")], root)
    if bus == "usb":
        linux_guest.copy_modules(["sd_mod", "usb_storage", "xhci_pci"], root / "fio", STOCK)
    else:
        linux_guest.copy_modules(["virtio_pci", "virtio_blk", "nvme", "ata_piix", "sd_mod"], root / "fio")
    for script in HERE.glob("*.rb"):
        (root / "fio" / script.name).write_text(f"DISK = :{name}\n{script.read_text()}")
    shutil.copy(HERE / "guest.sh", root / "fio")
    linux_guest.extend(folder / "initrd", STOCK_IMAGES / "initrd.gz" if bus == "usb" else GUEST_INITRD, root)
    return folder / "initrd"


def main(bus, *command):
    with tempfile.TemporaryDirectory(prefix="ritevisor-fio-") as folder:
        disk = Path(folder, "disk")
        with open(disk, "wb") as file:
            file.truncate(DISK_BYTES)
        from_boot = Path(folder, "from_boot.rb")
        from_boot.write_text(f"on(:disk_flush, disk: :{DISKS[bus][0]}) {{ }}\n")
        # A virtio disk's driver sets its queues up once, at its start, and a stick is configured once.
        words = [*command, *(["--script", from_boot] if bus in ("virtio", "usb") else []), "--smp", "2", "--option", "control=load", "--option", "budget_us=5000000",
                 "--kernel", STOCK_IMAGES / "vmlinuz" if bus == "usb" else images.guest_kernel(), "--initrd", build_initrd(Path(folder), bus),
                 "--append", images.guest_append(None, "sh /fio/guest.sh"),
                 "--", "-drive", f"if=none,id=second,file={disk},format=raw,cache=unsafe", *DISKS[bus][1]]  # fmt: skip
        return subprocess.run([str(word) for word in words]).returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
