#!/usr/bin/env python3
"""A disk that is encrypted below Linux, opened by stock cryptsetup in a Linux without Ritevisor, and back.

rescue.py LAYOUT BUS COMMAND...   LAYOUT: `partition` (in place, with a header in a file), `front` (a disk that begins with its
                                  header), or `clear` (a partition, to be clear for good); BUS: nvme, virtio, sata, ide; COMMAND:
                                  ./ritevisor boot

The disk is made by ./ritevisor disk, and has an ext4 with files. Under Ritevisor a guest checks them and writes others; a bare one
opens the disk by the commands of docs/encryption.md, "Opening it without Ritevisor", as they stand there, has the file system
checked, checks all files, and writes others; under Ritevisor these are checked. Or the bare guest has the disk clear for good, by
the command that stands there. In their initramfs are cryptsetup and what it needs as they are on this machine.
"""

import base64
import re
import shutil
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "tests" / "bench")]

import linux_guest  # noqa: E402
from host.paths import CACHE, GUEST_INITRD, KERNEL_PACKAGE  # noqa: E402

PAGE = ROOT / "docs" / "encryption.md"
STOCK_INITRD = ROOT / "build" / "tests" / "stock" / "initrd.gz"
DRIVERS = ["virtio_pci", "virtio_blk", "nvme", "ata_piix", "ahci", "sd_mod", "crc32c_generic", "ext4", "ecb", "xts", "aesni_intel",
           "dm_crypt"]  # fmt: skip
PROGRAMS = ["/sbin/cryptsetup", "/sbin/e2fsck"]
PASSPHRASE = b"correct horse battery staple"
MIB = 1 << 20
SECTOR_BYTES = 512
SYSTEM_BYTES = 64 * MIB
FIRST_BYTES = MIB  # of the partition
SPARE_BYTES = 32 * MIB  # what a header in front needs behind the data
# In sectors, of the disk as a guest has it: with a partition; behind its header in front; with that.
SIZES = " ".join(str(mib * MIB // SECTOR_BYTES) for mib in (65, 80, 96))
DISKS = {
    "nvme": ["-device", "nvme,serial=RV1,drive=second"],
    "virtio": ["-device", "virtio-blk-pci,serial=RV1,drive=second"],
    "sata": ["-device", "ahci,id=ahci", "-device", "ide-hd,bus=ahci.0,serial=RV1,drive=second"],
    "ide": ["-device", "ide-hd,bus=ide.1,unit=1,serial=RV1,drive=second"],
}


# The disk ---------------------------------------------------------------------------------------


def run_tool(*words, **options):
    subprocess.run([str(word) for word in words], check=True, stdout=subprocess.DEVNULL, **options)


def make_system(folder):
    """An ext4 with files and their sums."""
    files = folder / "files"
    (files / "host").mkdir(parents=True)
    for source in sorted((ROOT / "docs").glob("*.md")):
        shutil.copy(source, files / "host" / source.name)
    names = "".join(f"{path.relative_to(files)}\n" for path in sorted((files / "host").iterdir()))
    with open(files / "sums-host", "wb") as sums:
        subprocess.run(["xargs", "sha256sum"], cwd=files, input=names.encode(), stdout=sums, check=True)
    system = folder / "system"
    with open(system, "wb") as file:
        file.truncate(SYSTEM_BYTES)
    run_tool("/sbin/mke2fs", "-q", "-t", "ext4", "-d", files, system)
    return system


def encrypt(disk, folder, header):
    """By ./ritevisor disk; then the key is derived in less time, since that is emulated."""
    front = ["--header", header] if header else []
    (folder / "disk.key").write_bytes(PASSPHRASE)
    run_tool(sys.executable, ROOT / "ritevisor", "disk", "encrypt", disk, *front, "--key-file", folder / "disk.key", "--yes")
    run_tool("/sbin/cryptsetup", "luksChangeKey", "--batch-mode", "--key-file", folder / "disk.key", "--pbkdf", "pbkdf2",
             "--pbkdf-force-iterations", "1000", header or disk, folder / "disk.key")  # fmt: skip


def make_disk(layout, folder):
    """Returns the words for the boot line."""
    system, disk = make_system(folder), folder / "disk.img"
    if layout == "front":
        system.rename(disk)
        with open(disk, "r+b") as file:
            file.truncate(SYSTEM_BYTES + SPARE_BYTES)
        encrypt(disk, folder, None)
        return "encrypt=RV1,key=disk.key"
    encrypt(system, folder, folder / "root.luks")
    with open(disk, "wb") as file:
        for number, (first, length) in enumerate([(SECTOR_BYTES, MIB // 2), (FIRST_BYTES, SYSTEM_BYTES)]):
            file.seek(446 + 16 * number)
            file.write(struct.pack("<B3sB3sII", 0, b"", 0x83, b"", first // SECTOR_BYTES, length // SECTOR_BYTES))
        file.seek(510)
        file.write(b"\x55\xaa")
        file.seek(FIRST_BYTES)
        file.write(system.read_bytes())
    return (f"encrypt=RV1,header=root.luks,key=disk.key,first={FIRST_BYTES // SECTOR_BYTES},"
            f"sectors={SYSTEM_BYTES // SECTOR_BYTES}")  # fmt: skip


# The guests -------------------------------------------------------------------------------------


def build_initrd(folder, bus):
    """The initramfs of all guests; the header is in it, as on a stick. The built-in guest's kernel has no driver of SATA disks."""
    root = folder / "root"
    for name in ("rescue", "mnt", "run"):
        (root / name).mkdir(parents=True, exist_ok=True)
    linux_guest.copy_programs(PROGRAMS, root)
    kernel, initrd = (CACHE / "kernel" / "stock", STOCK_INITRD) if bus == "sata" else (KERNEL_PACKAGE, GUEST_INITRD)
    linux_guest.copy_modules(DRIVERS, root / "rescue", kernel)
    for name in ("disk.key", "root.luks"):
        if (folder / name).exists():
            shutil.copy(folder / name, root / "rescue" / name)
    shutil.copy(HERE / "scripts" / "rescue_guest.sh", root / "rescue" / "guest.sh")
    shutil.copy(next(kernel.glob("boot/vmlinuz-*")), folder / "vmlinuz")
    linux_guest.extend(folder / "initrd", initrd, root)


def commands_of_page(layout):
    """Returns what opens the disk, and what has it clear for good, with our disk's name."""
    section = re.search(r"^## Opening it without Ritevisor\n(.*?)^## ", PAGE.read_text(), re.M | re.S)[1]
    partition, mount, front = (line.partition("#")[0].strip() for line in re.search(r"```sh\n(.*?)```", section, re.S)[1].splitlines())
    clear = re.search(r"`(cryptsetup reencrypt --decrypt [^`]*)`", section)[1]
    if layout == "front":
        return [front.replace("/dev/sdc", "$part"), mount.replace("/mapper/root", "/mapper/stick"), None]
    return [each.replace("/dev/sda3", "$part") for each in (partition, mount, clear)]


def boot(name, bus, folder, command, ours, steps):
    """Shows what the guest says; `ours`: words for Ritevisor, or none."""
    print(f"boot: {name}", flush=True)
    words = f"sizes='{SIZES}'; . /rescue/guest.sh; {steps}"
    subprocess.run(
        [*command, *(ours or ["--bare"]), "--kernel", folder / "vmlinuz", "--initrd", folder / "initrd", "--append",
         "console=ttyS0,115200 run=" + base64.b64encode(words.encode()).decode(), "--",
         "-drive", f"if=none,id=second,file={folder}/disk.img,format=raw,cache=unsafe", *DISKS[bus]],
        check=False, stderr=subprocess.STDOUT,
    )  # fmt: skip


def main(arguments):
    if len(arguments) < 3 or arguments[1] not in DISKS:
        sys.exit(__doc__)
    layout, bus, command = arguments[0], arguments[1], arguments[2:]
    with tempfile.TemporaryDirectory(dir=ROOT / "build" / "tests") as work:
        folder = Path(work)
        option = make_disk(layout, folder)
        build_initrd(folder, bus)
        ours = ["--file", str(folder / "disk.key"), "--option", option]
        if layout != "front":
            ours += ["--file", str(folder / "root.luks")]
        opening, mounting, clearing = commands_of_page(layout)
        mapped = mounting.split()[1]
        boot("ours", bus, folder, command, ours, "check_whole $part; mount $part /mnt; sums host; write ours; umount /mnt")
        if layout == "clear":
            boot("bare", bus, folder, command, None,
                 f"check_closed; {clearing} </rescue/disk.key; check_whole $part; mount $part /mnt; sums host ours; umount /mnt")  # fmt: skip
            return
        boot("bare", bus, folder, command, None,
             f"check_closed; echo no | {opening} && echo 'guest: a wrong passphrase opens it'; {opening} </rescue/disk.key; "
             f"check_whole {mapped}; {mounting}; sums host ours; write bare; umount /mnt; cryptsetup close {mapped}")  # fmt: skip
        boot("ours again", bus, folder, command, ours, "check_whole $part; mount $part /mnt; sums host ours bare; umount /mnt")


if __name__ == "__main__":
    main(sys.argv[1:])
