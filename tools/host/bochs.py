#!/usr/bin/env python3
"""The Bochs machine that a run on an emulated Intel CPU uses, or on an AMD CPU that QEMU does not have: one
that catches INITs. And the running of it.

Bochs has manners of its own: it says little of how a run ended, leaves lock files behind when it is
ended, and prints a banner. Run as a program with Bochs and its configuration as arguments, this file
hides them: standard output is the guest's console alone, and the exit status tells.
"""

import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

if __package__:
    from .errors import UserError, need_file, need_source
    from .machine import DISK_HINT, disk_format
    from .paths import ROOT

BIOS = "/usr/share/bochs/BIOS-bochs-latest, options=fastboot"
CPU_MODELS = {"amd": "ryzen", "intel": "corei7_haswell_4770"}
MEMORY_MIB_MAXIMUM = 2048
# Of emulated time: more make the guest's clock slower, fewer than 5 million stop its timer.
INSTRUCTIONS_PER_SECOND = 15_000_000
# By its own time stamp counter this CPU is a hundred times slower than those that the hypervisor's
# defaults are made for.
OPTIONS = ["budget_us=50000", "load_budget_ms=100000"]
POWER_OFF = re.compile(r"PANIC<< (ACPI control: soft power off|Shutdown port: shutdown requested)")
PANIC = re.compile(r">>PANIC<< (.*)")
KILL_GRACE_S = 2

CONFIGURATION = """\
config_interface: textconfig
display_library: nogui
plugin_ctrl: e1000=1, usb_uhci=1
romimage: file={firmware}
vgaromimage: file=/usr/share/vgabios/vgabios.bin
memory: guest={memory}, host={memory}
cpu: model={model}, count={smp}, ips={ips}, reset_on_triple_fault=0, ignore_bad_msrs=1
clock: sync=none, time0=utc
pci: enabled=1, chipset=i440fx
e1000: enabled=1, card=0, mac=52:54:00:12:34:56, ethmod=null
ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14
ata1: enabled=1, ioaddr1=0x170, ioaddr2=0x370, irq=15
ata0-master: type=disk, path="{disk}", {disk_mode}
{medium}
com1: enabled=1, mode=file, dev=/proc/self/fd/3
port_e9_hack: enabled=0
log: {work}/bochs.log
panic: action=fatal
error: action=ignore
info: action=ignore
debug: action=ignore
"""


@dataclass
class Machine:
    """What a run's machine consists of; the same fields as machine.Machine, as far as Bochs goes."""

    work: str  # a folder for what the run needs; the caller removes it
    cpu: str = "intel"
    smp: int = 1
    memory: str = "256"
    disk: str = ""
    disk_is_kept: bool = False
    medium: str = ""
    firmware: str = BIOS  # a file, and options of Bochs's for it
    extra: list = field(default_factory=list)  # further lines of Bochs's configuration

    def command(self):
        """Returns the command line that runs it. Builds Bochs if it is not there yet."""
        configuration = Path(self.work) / "bochsrc"
        configuration.write_text("\n".join([self._configuration(), *self.extra]) + "\n")
        return [sys.executable, os.path.abspath(__file__), build_bochs(), str(configuration)]

    def _configuration(self):
        disk = os.path.abspath(need_file(self.disk, DISK_HINT))
        if disk_format(disk) != "raw":
            raise UserError(f"{disk}: Bochs takes raw disk images only; try qemu-img convert")
        if int(self.memory) > MEMORY_MIB_MAXIMUM:
            raise UserError(f"Bochs has {MEMORY_MIB_MAXIMUM} MiB of memory at most")
        mode = "mode=flat" if self.disk_is_kept else f"mode=volatile, journal={self.work}/disk"
        medium = "boot: disk"
        if self.medium:
            path = os.path.abspath(self.medium)
            medium = f'ata1-master: type=cdrom, path="{path}", status=inserted\nboot: cdrom, disk'
        return CONFIGURATION.format(
            memory=self.memory, model=CPU_MODELS[self.cpu], smp=self.smp, ips=INSTRUCTIONS_PER_SECOND,
            firmware=self.firmware, disk=disk, disk_mode=mode, medium=medium, work=self.work,
        )  # fmt: skip


def build_bochs():
    """Returns the path of Bochs; the first time, that takes minutes, and says so."""
    need_source("Bochs")
    done = subprocess.run(
        [str(ROOT / "tools" / "bochs")], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
    )
    if done.returncode != 0:
        raise UserError("Bochs could not be built; see above")
    return done.stdout.decode().strip()


def run(program, configuration):
    """Runs Bochs with the guest's console on standard output. 0: the guest powered off."""
    text = Path(configuration).read_text()
    os.chdir(Path(configuration).parent)  # where Bochs's network logs go
    # COM1 is descriptor 3; what Bochs itself prints is repeated in its log.
    console = os.dup(1)
    os.dup2(console, 3)
    bochs = subprocess.Popen(
        [program, "-q", "-f", configuration],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, pass_fds=[3],
    )  # fmt: skip
    try:
        bochs.wait()
    finally:
        end(bochs)
        remove_locks(text)
    return judge(re.search(r"^log: (.*)$", text, re.MULTILINE)[1])


def stop(number, frame):
    """Ends as a program without a handler would: the shell sees which signal it was."""
    sys.exit(128 + number)


def end(bochs):
    if bochs.poll() is None:
        bochs.terminate()
        try:
            bochs.wait(KILL_GRACE_S)
        except subprocess.TimeoutExpired:
            bochs.kill()
            bochs.wait()


def remove_locks(text):
    """A Bochs that was ended leaves locks that would stop the next run."""
    for disk in re.findall(r'^ata\d-\w+: type=disk, path="(.*?)"', text, re.MULTILINE):
        Path(disk + ".lock").unlink(missing_ok=True)


def judge(log):
    """Bochs ends with status 1 however it ends: its log says why."""
    try:
        text = Path(log).read_text(errors="replace")
    except OSError:
        print("Bochs did not start", file=sys.stderr)
        return 1
    if POWER_OFF.search(text):
        return 0
    reasons = PANIC.findall(text) or text.splitlines()[-3:]
    for reason in reasons:
        print(f"Bochs: {reason}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    sys.exit(run(sys.argv[1], sys.argv[2]))
