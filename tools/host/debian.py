"""The Debian disk: a GPT disk that boots by BIOS and by UEFI, made from an archive of Debian."""

import os
import struct
import tempfile
from pathlib import Path

from . import grub, images, uefi
from .errors import UserError, run_tool
from .paths import GRUB

MIB = images.MIB
SECTOR_BYTES = images.SECTOR_BYTES
ROOT_UUID = "72697465-7669-736f-7267-756573740002"
ESP_VOLUME_ID = "64656269"
LABEL = "debian"
BIOS_FIRST_MIB, BIOS_MIB = 1, 1
ESP_FIRST_MIB, ESP_MIB = 2, 32
ROOT_FIRST_MIB = 34
FREE_MIB = 1024  # beside the files
MODULES = grub.COMMON_MODULES + ["part_gpt", "ext2", "fat", "linux", "search", "search_label"]
# GRUB 2.06, boot.S and diskboot.S: where boot.img keeps the first sector of the core image, and
# where that one's first sector keeps the first sector of the rest.
BOOT_KERNEL_SECTOR = 0x5C
DISKBOOT_BLOCK_LIST = 0x1F4


def build_disk(archive, output):
    """Makes the disk from a tar file. Call it under fakeroot: the owners of files matter."""
    with tempfile.TemporaryDirectory(prefix="debian-", dir=Path(output).parent) as work:
        root, image = Path(work) / "root", Path(work) / "disk.img"
        root.mkdir()
        # Device nodes are udev's matter.
        run_tool(
            ["tar", "-xf", str(archive), "-C", str(root), "--numeric-owner", "--exclude=./dev/*"]
        )
        content = sum(-(-path.lstat().st_size // 4096) * 4096 for path in root.rglob("*"))
        root_mib = -(-content * 11 // 10 // MIB) + FREE_MIB
        _write_partitions(image, root_mib)
        _write_grub_for_bios(image, Path(work))
        _make_system_partition(image, Path(work) / "esp")
        _make_root(image, root, root_mib)
        os.replace(image, output)


def _system_environment():
    """Partitioning tools are in /usr/sbin, which is not in every user's PATH."""
    return dict(os.environ, PATH=os.environ.get("PATH", "/usr/bin:/bin") + ":/usr/sbin:/sbin")


def _write_partitions(image, root_mib):
    with open(image, "wb") as disk:
        disk.truncate((ROOT_FIRST_MIB + root_mib + 1) * MIB)
    run_tool(
        ["sgdisk", "--disk-guid=72697465-7669-736F-7267-756573740000",
         f"--new=1:{BIOS_FIRST_MIB}M:+{BIOS_MIB}M", "--typecode=1:ef02",
         f"--new=2:{ESP_FIRST_MIB}M:+{ESP_MIB}M", "--typecode=2:ef00",
         f"--new=3:{ROOT_FIRST_MIB}M:+{root_mib}M", "--typecode=3:8300", str(image)],
        env=_system_environment(),
    )  # fmt: skip


def _write_grub_for_bios(image, work):
    """Boot code into the MBR, the core image into the BIOS boot partition."""
    core_path = work / "core.img"
    modules = ["biosdisk", *MODULES]
    grub.write_core_image(core_path, "i386-pc", "(,gpt3)/boot/grub", modules)
    core = bytearray(core_path.read_bytes())
    if len(core) > BIOS_MIB * MIB:
        raise UserError("GRUB's core image does not fit into its partition")
    first = BIOS_FIRST_MIB * MIB // SECTOR_BYTES
    boot = bytearray((GRUB / "boot.img").read_bytes()[:440])
    struct.pack_into("<Q", boot, BOOT_KERNEL_SECTOR, first)
    struct.pack_into("<Q", core, DISKBOOT_BLOCK_LIST, first + 1)
    with open(image, "r+b") as disk:
        disk.write(boot)
        disk.seek(first * SECTOR_BYTES)
        disk.write(core)


def _make_system_partition(image, root):
    program = root / uefi.BOOT_FOLDER / uefi.REMOVABLE_NAME
    program.parent.mkdir(parents=True)
    grub.write_core_image(program, "x86_64-efi", "(,gpt3)/boot/grub", [*MODULES, "all_video"])
    uefi.build_fat(
        image, root, ESP_FIRST_MIB * MIB, ESP_MIB * MIB, label="ESP", volume_id=ESP_VOLUME_ID
    )


def _make_root(image, root, root_mib):
    run_tool(
        ["mke2fs", "-q", "-F", "-t", "ext4", "-L", LABEL, "-U", ROOT_UUID, "-d", str(root), "-E",
         f"offset={ROOT_FIRST_MIB * MIB},root_owner=0:0", str(image), f"{root_mib}M"],
        env=_system_environment(),
    )  # fmt: skip
