"""What a disk costs that is encrypted below Linux, beside one that Linux encrypts by dm-crypt, and one that is not encrypted."""

import tempfile
from pathlib import Path

import boots
import linux_guest
from host import images
from host.machine import GUEST_APPEND

HERE = Path(__file__).resolve().parent
DISK_BYTES = 32 << 20
KEY = bytes((i * 73 + 41) & 255 for i in range(64))  # of load.c's dm-crypt
DRIVERS = [*linux_guest.DRIVERS, "ecb", "xts", "aesni_intel", "dm_crypt"]
LOADS = {"sequential": (16, "load stream 16 %s 8"), "random": (18, "load random 18 %s 400")}
WAYS = ("bare", "dm_crypt", "encrypted")


def run_guest(way, work):
    """Returns {load: instructions of guest, hypervisor and engine together}."""
    disk = Path(work, "disk")
    disk.write_bytes(bytes(DISK_BYTES))
    Path(work, "disk.key").write_bytes(KEY)
    lines = ["for module in /bench/*.ko; do insmod $module || exit 1; done", "sleep 1"]
    if way == "dm_crypt":
        lines += ["mkdir -p /dev/mapper", "mknod /dev/mapper/control c $(grep device-mapper /proc/misc | "
                  "{ read minor name; echo 10 $minor; })", f"load map /dev/nvme0n1 {DISK_BYTES // 512} || exit 1",
                  "grep -q xts-aes-aesni /proc/crypto || exit 1"]  # fmt: skip
    device = "/dev/dm-0" if way == "dm_crypt" else "/dev/nvme0n1"
    lines += [load.replace("%s", device) for _, load in LOADS.values()]
    append = images.guest_append(GUEST_APPEND + " nokaslr", "\n".join(lines) + "\n")
    ours = ["--file", f"{work}/disk.key", "--option", "encrypt=RV1,plain=disk.key"] if way == "encrypted" else ["--bare"]
    guest = ["--kernel", str(images.guest_kernel()), "--initrd", f"{work}/initrd", "--append", append]
    counters, text = boots.boot_counted(
        [*ours, *guest],
        [*boots.ICOUNT_REAL_IDLE, "-drive", f"if=none,id=second,file={disk},format=raw,cache=unsafe",
         "-device", "nvme,serial=RV1,drive=second"],
    )  # fmt: skip
    if text.count("load: ") != len(LOADS):
        raise boots.BenchError("the loads failed:\n" + "\n".join(text.splitlines()[-20:]))
    return {name: counters[f"mark_{mark + 1}_instructions"] - counters[f"mark_{mark}_instructions"]
            for name, (mark, _) in LOADS.items()}  # fmt: skip


def measure_encrypted(figures):
    with tempfile.TemporaryDirectory(prefix="ritevisor-bench-") as work:
        linux_guest.build_initrd(f"{work}/initrd", HERE / "load.c", DRIVERS)
        runs = {way: run_guest(way, work) for way in WAYS}
    for name in LOADS:
        bare = runs["bare"][name]
        figures[f"nvme_encrypted_{name}_over_bare_ratio"] = round(runs["encrypted"][name] / bare, 2)
        figures[f"nvme_dm_crypt_{name}_over_bare_ratio"] = round(runs["dm_crypt"][name] / bare, 2)


NAMES = [f"nvme_{way}_{name}_over_bare_ratio" for name in LOADS for way in ("encrypted", "dm_crypt")]
STEPS = [("an encrypted NVMe disk beside dm-crypt", NAMES, measure_encrypted, "amd")]
