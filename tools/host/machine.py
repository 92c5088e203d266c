"""The QEMU machine that a run uses: every device is named here, none comes by default."""

import re
import subprocess
from dataclasses import dataclass, field

from .errors import UserError, need_file
from .paths import IS_SOURCE

QEMU = "qemu-system-x86_64"
DISK_HINT = "give --disk an image that is there" + (", or run make for the built-in guest's" if IS_SOURCE else "")
# The kernel's check of its timer fails where QEMU gets too little of a busy machine, bare too.
GUEST_APPEND = "console=ttyS0,115200 panic=10 iomem=relaxed no_timer_check"

# TCG emulates AMD's SVM with nested paging under this model. What it lacks is left out here, as
# TCG would do itself, but with a warning for each.
CPU_MODEL = (
    "EPYC,+svm,+npt,-rdseed,-sha-ni,-fxsr-opt,-misalignsse,-3dnowprefetch,-osvw,-topoext,"
    "-nrip-save,-xsavec"
)

DISK_DEVICES = {"ide": "ide-hd,bus=ide.0,unit=0", "nvme": "nvme,serial=disk",
                "virtio": "virtio-blk-pci,serial=disk"}
NICS = ["e1000", "e1000e", "virtio-net-pci"]  # the first is the default


@dataclass
class Machine:
    """What a run's machine consists of. Paths are of files that exist while QEMU runs."""

    accelerator: str = "tcg"
    cpu_model: str = CPU_MODEL
    machine: str = "pc"
    smp: int = 1
    threads: str = ""  # for TCG's CPUs: single, multi; empty: what QEMU has as its default
    memory: str = "1024"
    smm: bool = False
    disk: str = ""
    disk_bus: str = "ide"  # or nvme, virtio; ide is AHCI on q35
    disk_is_kept: bool = False  # False: what the guest writes is thrown away
    medium: str = ""  # empty: the guest boots without Ritevisor
    firmware: list = field(default_factory=list)  # QEMU's words for it; none: BIOS
    network: str = "user"  # QEMU's words for what is behind the network card
    nic: str = NICS[0]
    control: str = ""  # a socket that stands for the serial line of `wire=com4`
    extra: list = field(default_factory=list)

    def command(self):
        """Returns QEMU's command line."""
        words = [QEMU, "-nodefaults", "-no-user-config", "-display", "none", "-vga", "std"]
        words += ["-machine", f"{self.machine},smm={'on' if self.smm else 'off'}"]
        words += self.firmware
        words += ["-accel", accelerator(self.accelerator, self.smp, self.threads), "-cpu", self.cpu_model]
        words += ["-smp", str(self.smp), "-m", self.memory]
        # With signals on, Ctrl-C ends QEMU; with a monitor on the same line it would not.
        words += ["-chardev", "stdio,id=console,signal=on", "-serial", "chardev:console"]
        words += ["-netdev", f"{self.network},id=net", "-device", f"{self.nic},netdev=net,romfile="]
        if self.control:
            path = self.control.replace(",", ",,")
            words += ["-chardev", f"socket,id=control,path={path},server=on,wait=off"]
            words += ["-device", "isa-serial,chardev=control,index=3"]
        words += self._disks()
        return words + self.extra

    def _disks(self):
        """The guest's disk is the first hard disk (BIOS 0x80); the medium is a CD, booted first."""
        disk = need_file(self.disk, DISK_HINT).replace(",", ",,")
        kept = "off" if self.disk_is_kept else "on"
        words = [
            "-drive", f"if=none,id=disk,file={disk},format={disk_format(self.disk)},snapshot={kept}",
            "-device", f"{DISK_DEVICES[self.disk_bus]},drive=disk,bootindex=1",
        ]  # fmt: skip
        if self.medium:
            medium = self.medium.replace(",", ",,")
            words += [
                "-drive", f"if=none,id=medium,file={medium},format=raw,readonly=on",
                "-device", "ide-cd,drive=medium,bus=ide.1,unit=0,bootindex=0",
            ]  # fmt: skip
        return words


def accelerator(name, smp, threads):
    """QEMU's word for it."""
    return f"{name},thread={threads}" if threads and smp > 1 else name


def threads_for_drivers():
    """How TCG runs several CPUs of a guest that moves BARs and switches bus masters, as drivers do.

    Before QEMU 8.2 a CPU that reads or writes a device's registers while another changes the map of
    memory may get to no device, or to another's: a local APIC's timer reads as 0 and is lost, or QEMU
    ends by SIGSEGV (fixed by its commit 0d58c660689f, "Use async_run_on_cpu in tcg_commit"). On a busy
    machine that is one boot in twenty. One thread for all CPUs has no such moment.
    """
    try:
        said = subprocess.run([QEMU, "--version"], capture_output=True, text=True, check=False).stdout
    except OSError:
        return ""  # whoever starts it says so
    version = re.search(r"version (\d+)\.(\d+)", said)
    return "single" if version and tuple(map(int, version.groups())) < (8, 2) else ""


def disk_format(path):
    """Tells a QCOW2 image from a raw one by its first bytes."""
    with open(path, "rb") as file:
        return "qcow2" if file.read(4) == b"QFI\xfb" else "raw"


def parse_memory(text):
    """Checks an amount of memory: a number of MiB, or with M or G. Returns it as QEMU wants it."""
    number, unit = (text[:-1], text[-1].upper()) if text[-1:].isalpha() else (text, "M")
    if not (number.isascii() and number.isdigit()) or int(number) == 0 or unit not in "MG":
        raise UserError(f"{text!r} is not an amount of memory; say 1024, 512M or 2G")
    return str(int(number) * (1024 if unit == "G" else 1))
