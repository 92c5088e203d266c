"""The root file system of the Debian disk, encrypted in place by ./ritevisor disk, and back."""

import contextlib
import subprocess
import sys
from pathlib import Path

from host import debian, images
from host.errors import UserError, run_tool

ROOT = Path(__file__).resolve().parent.parent.parent
PASSPHRASE = b"correct horse battery staple"
SECTOR_BYTES = 512


def range_of(disk):
    """Returns where the root file system is, in bytes: the last partition, and a MiB behind it."""
    first = debian.ROOT_FIRST_MIB * images.MIB
    return first, disk.stat().st_size - images.MIB - first


def option(disk, serial):
    first, length = range_of(disk)
    return (f"encrypt={serial},header=root.luks,key=root.key,first={first // SECTOR_BYTES},"
            f"sectors={length // SECTOR_BYTES}")  # fmt: skip


def files(folder):
    return [str(folder / "root.luks"), str(folder / "root.key")]


@contextlib.contextmanager
def wrong_passphrase(folder):
    """Meanwhile files() has another."""
    key = folder / "root.key"
    key.write_bytes(PASSPHRASE + b"?")
    try:
        yield
    finally:
        key.write_bytes(PASSPHRASE)


def encrypt(disk, folder):
    (folder / "root.key").write_bytes(PASSPHRASE)
    convert("encrypt", disk, folder)
    first, length = range_of(disk)
    with open(disk, "rb") as file:
        file.seek(first + 1024)
        if file.read(64 << 10).count(0) > 32 << 10:
            raise UserError(f"{disk} is not encrypted")


def decrypt(disk, folder):
    """By stock cryptsetup, after Debian has written to it below us."""
    convert("decrypt", disk, folder)


def convert(action, disk, folder):
    """Of a copy of the partition, since that is what users have."""
    first, length = range_of(disk)
    part = folder / "root.img"
    copy(disk, first, part, 0, length)
    run_tool([sys.executable, str(ROOT / "ritevisor"), "disk", action, str(part), "--header", str(folder / "root.luks"),
              "--key-file", str(folder / "root.key"), "--yes"])  # fmt: skip
    copy(part, 0, disk, first, length)
    part.unlink()


def copy(source, source_at, target, target_at, length):
    subprocess.run(
        ["dd", f"if={source}", f"of={target}", f"bs={images.MIB}", "conv=notrunc,sparse" if target_at == 0 else "conv=notrunc",
         f"skip={source_at // images.MIB}", f"seek={target_at // images.MIB}", f"count={length // images.MIB}", "status=none"],
        check=True,
    )  # fmt: skip
    if target_at == 0:
        with open(target, "ab") as file:
            file.truncate(length)
