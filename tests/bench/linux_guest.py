"""The Linux guest that works a fixed amount: the built-in one, drivers, tests/bench/load.c."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent / "tools"))

from host import images  # noqa: E402
from host.errors import run_tool  # noqa: E402
from host.paths import GUEST_INITRD, KERNEL_PACKAGE  # noqa: E402

# What is loaded, in the order that their dependencies want.
DRIVERS = ["virtio_pci", "virtio_blk", "virtio_net", "ata_piix", "sd_mod", "nvme"]
DEPENDS = re.compile(rb"depends=([^\0]*)\0")
DISK_BYTES = 32 << 20


def modules_in_order(drivers, kernel=KERNEL_PACKAGE):
    """Returns the modules of these drivers, of an unpacked kernel, and those that they need, in the order of loading."""
    files = {path.stem.replace("-", "_"): path for path in kernel.rglob("*.ko")}
    ordered = []

    def add(name):
        if name in ordered or name not in files:
            return  # built in, or there already
        for needed in DEPENDS.search(files[name].read_bytes())[1].decode().split(","):
            if needed:
                add(needed.replace("-", "_"))
        ordered.append(name)

    for driver in drivers:
        add(driver)
    return [files[name] for name in ordered]


def copy_modules(drivers, folder, kernel=KERNEL_PACKAGE):
    """Copies the modules of these drivers, and those that they need, to a folder where their names have the order of loading."""
    for number, module in enumerate(modules_in_order(drivers, kernel)):
        shutil.copy(module, folder / f"{number:02}-{module.name}")


def build_initrd(output, source, drivers=tuple(DRIVERS), files=(), kernel=KERNEL_PACKAGE):
    """Makes the initramfs: the built-in guest's archive, and another with what is added to it: the modules, of that kernel,
    the load, and files, as (name, text), all in /bench but the load."""
    with tempfile.TemporaryDirectory(prefix="ritevisor-bench-") as work:
        root = Path(work, "root")
        (root / "bin").mkdir(parents=True)
        (root / "bench").mkdir()
        run_tool(["gcc", "-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror", "-static-pie", "-s",
                  "-o", str(root / "bin/load"), str(source)])  # fmt: skip
        copy_modules(drivers, root / "bench", kernel)
        for name, text in files:
            (root / "bench" / name).write_text(text)
        packed = pack(root)
    beside = Path(f"{output}.{os.getpid()}")
    beside.write_bytes(GUEST_INITRD.read_bytes() + packed)
    beside.replace(output)


def copy_programs(programs, root, libraries=()):
    """Copies programs of this machine to /usr/bin of the guest, libraries that programs look for by themselves, and what the
    dynamic linker says that both need."""
    (root / "usr/bin").mkdir(parents=True, exist_ok=True)
    wanted = set(libraries)
    for file in [*programs, *libraries]:
        said = subprocess.run(["ldd", file], check=True, capture_output=True, text=True).stdout
        wanted |= set(re.findall(r"(/\S+) \(0x", said))
    for program in programs:
        shutil.copy(program, root / "usr/bin" / Path(program).name)
    for library in wanted:
        (root / library[1:]).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(library, root / library[1:])


def archive(root):
    """Returns a folder as cpio packs it."""
    images.settle_times(root)
    names = sorted(str(path.relative_to(root)) for path in root.rglob("*"))
    return subprocess.run(
        ["cpio", "--quiet", "--create", "--format=newc", "--reproducible", "--owner=0:0"],
        cwd=root, input="\n".join(names).encode(), stdout=subprocess.PIPE, check=True,
    ).stdout  # fmt: skip


def pack(root, level=9):
    """Returns a folder as an archive that can stand behind another in an initramfs."""
    return subprocess.run(["gzip", f"-{level}n"], input=archive(root), stdout=subprocess.PIPE, check=True).stdout


def extend(output, built, root):
    """Writes an initramfs: one that is built, and behind it a folder."""
    Path(output).write_bytes(Path(built).read_bytes() + pack(root, level=1))


def build_disk_content(output):
    """A disk of bytes that are always the same and not all alike."""
    block = bytes((7 * i + (i >> 8)) & 0xFF for i in range(1 << 16))
    with open(output, "wb") as file:
        for number in range(DISK_BYTES >> 16):
            file.write(number.to_bytes(8, "little") + block[8:])
