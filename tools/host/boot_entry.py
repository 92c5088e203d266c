"""The firmware's boot entry for an installation, by efibootmgr.

An entry belongs to an installation by the partition it names (UEFI 2.10, 10.3.5.1: a hard drive
device path holds the partition's number and its GUID, or the MBR's signature), so that Ritevisor on
another disk keeps its own.
"""

import re
import shutil
import subprocess
from pathlib import Path

LABEL = "Ritevisor"
VARIABLES = Path("/sys/firmware/efi/efivars")


class Partition:
    """The EFI system partition that is mounted at a folder."""

    def __init__(self, disk, number, uuid):
        self.disk = disk  # /dev/nvme0n1
        self.number = number  # "1"
        self.uuid = uuid.lower()  # of the partition; "1234abcd-01" on a disk with an MBR

    def is_named_by(self, device_path):
        """Is this the partition of a path such as HD(1,GPT,uuid,0x800,0x100000)/File(...)?"""
        found = re.search(r"HD\((\d+),(GPT|MBR),(?:0x)?([0-9a-f-]+),", device_path, re.IGNORECASE)
        if found is None or found[1] != self.number:
            return False
        if found[2].upper() == "GPT":
            return found[3].lower() == self.uuid
        return self.uuid.startswith(found[3].lower().rjust(8, "0") + "-")


def partition_at(folder, blocks=Path("/sys/class/block")):
    """Returns the Partition whose file system is mounted at the folder; None if it is not one."""
    found = subprocess.run(
        ["findmnt", "--noheadings", "--raw", "--output", "FSTYPE,SOURCE,PARTUUID",
         "--mountpoint", str(folder)],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False,
    ).stdout.decode(errors="replace").split()  # fmt: skip
    # Of file systems that are mounted one over the other, the last is what is seen.
    kind, source, uuid = found[-3:] if len(found) >= 3 else ("", "", "")
    number = blocks / Path(source).name / "partition"
    if kind != "vfat" or not source.startswith("/dev/") or not number.is_file():
        return None
    return Partition("/dev/" + number.resolve().parent.parent.name, number.read_text().strip(), uuid)


def is_possible():
    """Can entries be read and written here?"""
    return shutil.which("efibootmgr") is not None and VARIABLES.is_dir()


def create_command(partition, loader):
    """Returns efibootmgr's words that add an entry; capitals where the partition is not known.

    loader: from the partition's root, with backslashes.
    """
    disk, number = (partition.disk, partition.number) if partition else ("DISK", "NUMBER")
    return ["efibootmgr", "--create", "--disk", disk, "--part", number, "--label", LABEL,
            "--loader", loader]  # fmt: skip


class Entries:
    """The firmware's boot entries for the loader on the partition, as they are now."""

    def __init__(self, partition, loader):
        done = subprocess.run(["efibootmgr", "-v"], stdout=subprocess.PIPE, check=False)
        self.could_be_read = done.returncode == 0
        self.all = []  # their numbers, "0003"
        self.in_use = []  # those of them that the firmware tries
        order = ""
        for line in done.stdout.decode(errors="replace").splitlines():
            entry = re.match(r"Boot([0-9A-Fa-f]{4})([* ]) ?(.*)", line)
            if line.startswith("BootOrder:"):
                order = line.upper()
            if entry and loader.lower() in entry[3].lower() and partition.is_named_by(entry[3]):
                self.all.append(entry[1])
                self.in_use += [entry[1]] if entry[2] == "*" and entry[1].upper() in order else []


def add(partition, loader):
    """Adds the entry, unless it is there. Returns whether it is there now."""
    if partition is None or not is_possible():
        return False
    entries = Entries(partition, loader)
    if entries.in_use or not entries.could_be_read:
        return bool(entries.in_use)
    remove(partition, loader)  # what is switched off, or in no order
    command = create_command(partition, loader)
    return subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode == 0


def remove(partition, loader):
    """Removes the entries for the loader on the partition. Returns whether none is left."""
    if partition is None or not is_possible():
        return False
    for number in Entries(partition, loader).all:
        subprocess.run(["efibootmgr", "--quiet", "--bootnum", number, "--delete-bootnum"],
                       check=False)  # fmt: skip
    left = Entries(partition, loader)
    return left.could_be_read and not left.all
