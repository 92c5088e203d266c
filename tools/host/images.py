"""Disk images, made without root, mounts or loop devices."""

import base64
import lzma
import os
import re
import shutil
import struct
import tempfile
from pathlib import Path

from . import grub, progress, uefi
from .errors import UserError, how_to_get, need_file, need_program, run_tool
from .machine import GUEST_APPEND
from .paths import CONTROL, GRUB, GUEST, GUEST_PROBE, HARDWARE_CHECK, IS_SOURCE, KERNEL_PACKAGE, LOADER, ROOT

SECTOR_BYTES = 512
PARTITION_SECTOR = 2048
SYSTEM_PARTITION_MIB = 4
MIB = 1 << 20
EPOCH = 1700000000  # every time stamp in an image
FILE_SYSTEM_UUID = "72697465-7669-736f-7267-756573740001"

# GRUB would quote other characters on the module's command line.
SCRIPT_NAME = re.compile(r"[A-Za-z0-9._+-]+")

RESCUE_ATTEMPTS = 3  # boots that reach no OS, before scripts are left out
SCRIPTS_MAXIMUM = 64  # RV_SCRIPTS_MAXIMUM in include/rv/abi.h
FILES_MAXIMUM = 16  # BOOT_FILES_MAXIMUM in boot/boot_info.h
MULTIBOOT_MAGIC = struct.pack("<I", 0x1BADB002)
MULTIBOOT2_MAGIC = struct.pack("<I", 0xE85250D6)


def guest_kernel():
    """Returns the path of the unpacked Debian kernel. An installed copy has none, and gets it from Debian's archive by
    apt when it is asked for first; a clone has it before anything is built."""
    kernels = sorted((KERNEL_PACKAGE / "boot").glob("vmlinuz-*"))
    if not kernels and not IS_SOURCE:
        progress.step("fetching a Debian kernel for the built-in guest, once")
        try:
            run_tool([str(ROOT / "tools/fetch"), "kernel"])
        except UserError as error:
            raise UserError(f"{error}\nThe built-in guest is a Debian kernel, which could not be fetched; another guest "
                            "boots with --disk or --kernel") from None  # fmt: skip
        kernels = sorted((KERNEL_PACKAGE / "boot").glob("vmlinuz-*"))
    if not kernels:
        raise UserError(f"no guest kernel in {KERNEL_PACKAGE}; run tools/fetch kernel")
    return kernels[-1]


def settle_times(folder):
    """Gives a folder and all below it the same time stamp."""
    for path in [folder, *folder.rglob("*")]:
        os.utime(path, (EPOCH, EPOCH), follow_symlinks=False)


# In the order in which they can be loaded.
VIRTIO_MODULES = ["virtio_ring.ko", "virtio.ko", "virtio_pci_legacy_dev.ko", "virtio_pci_modern_dev.ko",
                  "virtio_pci.ko", "virtio_blk.ko"]  # fmt: skip
NVME_MODULES = ["nvme-core.ko", "nvme.ko"]  # behind t10-pi
NETWORK_MODULES = ["failover.ko", "net_failover.ko", "virtio_net.ko", "e1000.ko", "e1000e.ko"]  # likewise, behind the last
USB_MODULES = ["usb-common.ko", "usbcore.ko", "xhci-hcd.ko", "xhci-pci.ko", "usb-storage.ko", "hid.ko", "usbhid.ko",
               "hid-generic.ko"]  # fmt: skip
# MSRs, UEFI's variables; those from scsi_common on, in this order, are the drivers of IDE and SATA disks. What a
# kernel does not have is left out.
GUEST_MODULES = ["msr.ko", "efivarfs.ko", "scsi_common.ko", "scsi_mod.ko", "libata.ko", "ata_piix.ko", "libahci.ko",
                 "ahci.ko", "crct10dif_common.ko", "crc-t10dif.ko", "crc64.ko", "crc64-rocksoft.ko", "t10-pi.ko",
                 "sd_mod.ko", *NVME_MODULES, *VIRTIO_MODULES, *NETWORK_MODULES, *USB_MODULES]  # fmt: skip


def build_initrd(output, kernel=KERNEL_PACKAGE):
    """Makes the guest's initramfs: busybox, tools/guest, hwcheck, ritectl, and GUEST_MODULES of the unpacked kernel."""
    with tempfile.TemporaryDirectory(prefix="ritevisor-") as work:
        root = Path(work) / "root"
        for name in ("bin", "dev", "proc", "sys", "lib", "tmp"):
            (root / name).mkdir(parents=True)
        busybox = shutil.which("busybox") or "/bin/busybox"
        shutil.copy(need_file(busybox, how_to_get("busybox")), root / "bin" / "busybox")
        shutil.copy(need_file(str(HARDWARE_CHECK), "run make"), root / "bin" / "hwcheck")
        shutil.copy(need_file(str(CONTROL), "run make"), root / "bin" / "ritectl")
        shutil.copy(GUEST / "init", root / "init")
        os.chmod(root / "init", 0o755)
        shutil.copy(need_file(str(GUEST_PROBE), "run make"), root / "bin" / "probe")
        for name in GUEST_MODULES:
            for module in Path(kernel).rglob(name):
                shutil.copy(module, root / "lib" / name)
            for module in Path(kernel).rglob(name + ".xz"):  # as kernels since Debian 13 have them
                (root / "lib" / name).write_bytes(lzma.decompress(module.read_bytes()))
        _pack_initrd(root, work, output)


def build_program_initrd(program, output):
    """Makes an initramfs whose only file is /init, a static program."""
    with tempfile.TemporaryDirectory(prefix="ritevisor-") as work:
        root = Path(work) / "root"
        root.mkdir()
        shutil.copy(need_file(program, "build it"), root / "init")
        os.chmod(root / "init", 0o755)
        _pack_initrd(root, work, output)


def _pack_initrd(root, work, output):
    """Packs the files below root; the folder work takes what is made on the way."""
    settle_times(root)
    names = sorted(str(path.relative_to(root)) for path in root.rglob("*"))
    archive = Path(work) / "initrd"
    run_tool(
        ["cpio", "--quiet", "--create", "--format=newc", "--reproducible", "--owner=0:0",
         "--null", f"--file={archive}"],
        cwd=root,
        stdin=_input_file(work, "\0".join(names)),
    )  # fmt: skip
    run_tool(["gzip", "-9n", str(archive)])
    _place(archive.with_suffix(".gz"), output)


def _input_file(work, text):
    file = tempfile.TemporaryFile(dir=work)
    file.write(text.encode())
    file.seek(0)
    return file


def check_output(output):
    """Refuses what an image cannot be written to; worth asking before the work of making it."""
    output = Path(os.path.realpath(output))  # what a link names is written, the link stays
    if output.is_block_device():
        raise UserError(f"{output} is a device: write a file, then 'dd if=FILE of={output} bs=4M'")
    if output.exists() and not output.is_file():
        raise UserError(f"{output}: not a file; name one that is, or a new one")
    if not output.parent.is_dir():
        raise UserError(f"{output.parent}: no such folder; make it, or name another place")
    return output


def _place(made, output):
    """Moves a finished file to its name in one step, so that no half-made one is ever seen."""
    output = check_output(output)
    beside = output.with_name(f".{output.name}.{os.getpid()}")
    try:
        shutil.move(made, beside)
        os.replace(beside, output)
    finally:
        beside.unlink(missing_ok=True)


def build_linux_disk(output, kernel, initrd, append):
    """Makes a disk whose GRUB boots a Linux kernel; initrd may be None."""
    files = {"boot/vmlinuz": need_file(kernel, "give --kernel a Linux kernel")}
    lines = f"linux /boot/vmlinuz {grub.quote_words(append)}\n"
    if initrd is not None:
        files["boot/initrd"] = need_file(initrd, "give --initrd an initramfs")
        lines += "initrd /boot/initrd\n"
    build_disk(output, files, grub.single_config(lines))


def build_multiboot_disk(output, kernel, append):
    """Makes a disk whose GRUB boots a multiboot kernel, version 1 or 2 as its header says."""
    with open(need_file(kernel, "give --multiboot a kernel"), "rb") as file:
        start = file.read(32768)
    if MULTIBOOT2_MAGIC in start:
        command = "multiboot2"
    elif MULTIBOOT_MAGIC in start:
        command = "multiboot"
    else:
        raise UserError(f"{kernel}: no multiboot header in its first 32 KiB")
    lines = f"{command} /boot/kernel {grub.quote_words(append)}\n"
    build_disk(output, {"boot/kernel": kernel}, grub.single_config(lines))


def build_disk(output, files, config):
    """Makes a disk that boots by BIOS and UEFI: GRUB in MBR and gap, an ext2 file system with files
    and config, and an EFI system partition with GRUB again.

    files: path in the image to host path. config: text of grub.cfg.
    """
    with tempfile.TemporaryDirectory(prefix="ritevisor-") as work:
        root, core, image = (Path(work) / name for name in ("root", "core.img", "disk.img"))
        _fill_root(root, files, config)
        grub.write_core_image(core, "i386-pc", "(,msdos1)/boot/grub", grub.BIOS_DISK_MODULES)
        content = sum(path.stat().st_size for path in root.rglob("*"))
        partition_mib = 8 + (content * 11 // 10 + MIB - 1) // MIB
        _write_boot_area(image, core.read_bytes(), partition_mib)
        _make_file_system(image, root, partition_mib)
        _make_system_partition(image, Path(work) / "esp", partition_mib)
        _place(image, output)


def _fill_root(root, files, config):
    (root / "boot" / "grub").mkdir(parents=True)
    (root / "boot" / "grub" / "grub.cfg").write_text(config)
    for name, source in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, root / name)
    settle_times(root)


def _write_boot_area(image, core, partition_mib):
    """Writes MBR, partition table and GRUB's core image in the gap behind the MBR.

    boot.img loads its second stage from sector 1, and the core image's first sector expects the
    rest of itself from sector 2 on: GRUB's own defaults, so nothing needs patching.
    """
    if len(core) > (PARTITION_SECTOR - 1) * SECTOR_BYTES:
        raise UserError("GRUB's core image does not fit before the first partition")
    boot_code = (GRUB / "boot.img").read_bytes()[:440]
    sectors = partition_mib * MIB // SECTOR_BYTES
    no_chs = b"\xfe\xff\xff"
    entries = struct.pack(  # active, Linux
        "<B3sB3sII", 0x80, no_chs, 0x83, no_chs, PARTITION_SECTOR, sectors
    ) + struct.pack(  # EFI system partition
        "<B3sB3sII", 0, no_chs, 0xEF, no_chs, PARTITION_SECTOR + sectors,
        SYSTEM_PARTITION_MIB * MIB // SECTOR_BYTES,
    )  # fmt: skip
    mbr = boot_code.ljust(440, b"\0") + b"RITE\0\0" + entries.ljust(64, b"\0") + b"\x55\xaa"
    with open(image, "wb") as disk:
        disk.write(mbr + core)
        disk.truncate((PARTITION_SECTOR + sectors) * SECTOR_BYTES)


def _make_system_partition(image, root, before_mib):
    """Adds the file system from which UEFI firmware starts GRUB; its files are on the other one."""
    program = root / uefi.BOOT_FOLDER / uefi.REMOVABLE_NAME
    program.parent.mkdir(parents=True)
    prefix = "(,msdos1)/boot/grub"
    grub.write_core_image(program, "x86_64-efi", prefix, grub.EFI_DISK_MODULES)
    settle_times(root)
    uefi.build_fat(
        image, root, PARTITION_SECTOR * SECTOR_BYTES + before_mib * MIB,
        SYSTEM_PARTITION_MIB * MIB,
    )  # fmt: skip


def _make_file_system(image, root, partition_mib):
    offset = PARTITION_SECTOR * SECTOR_BYTES
    run_tool(
        ["mke2fs", "-q", "-F", "-t", "ext2", "-b", "4096", "-I", "128", "-m", "0", "-L", "guest",
         "-U", FILE_SYSTEM_UUID, "-d", str(root), "-E",
         f"offset={offset},root_owner=0:0,hash_seed={FILE_SYSTEM_UUID},no_copy_xattrs",
         str(image), f"{partition_mib}M"],
        env=dict(os.environ, E2FSPROGS_FAKE_TIME=str(EPOCH), PATH=_system_path()),
    )  # fmt: skip


def _system_path():
    """mke2fs is in /usr/sbin, which is not in every user's PATH."""
    return os.environ.get("PATH", "/usr/bin:/bin") + ":/usr/sbin:/sbin"


def build_medium(output, hypervisor, engine, scripts, options, menu_s=0, uefi_options=None, files=()):
    """Makes the medium that starts Ritevisor by BIOS and by UEFI, from CD or written to a USB stick.

    engine: None leaves it out. scripts: host paths, in the order in which they are loaded. menu_s:
    how long a key reaches the menu with the rescue entry (UEFI: R is waited for); 0: not at all.
    uefi_options: what else a UefiOptions says. files: host paths, of what options name.
    """
    names = script_names(scripts)
    beside = list(zip(file_names(files), files))
    content = {"boot/ritevisor.elf": need_program(hypervisor)}
    if engine is not None:
        content["boot/engine.elf"] = need_program(engine)
    signatures = uefi.signatures(zip(names, scripts))
    for name, script in [*zip(names, scripts), *signatures]:
        content["boot/scripts/" + name] = script
    for name, file in beside:
        content["boot/files/" + name] = file
    signed = [name.removesuffix(uefi.SIGNATURE_SUFFIX) for name, _ in signatures]
    with tempfile.TemporaryDirectory(prefix="ritevisor-") as work:
        root, image = Path(work) / "root", Path(work) / "medium.iso"
        config = grub.medium_config(
            options, engine is not None, names, menu_s, signed, [name for name, _ in beside]
        )
        _fill_root(root, content, config)
        core = root / "boot" / "grub" / "core.img"
        grub.write_core_image(core, "i386-pc-eltorito", "/boot/grub", grub.MEDIUM_MODULES)
        settle_times(root)
        system_partition = Path(work) / "esp.img"
        _build_medium_system_partition(
            system_partition, Path(work) / "esp", hypervisor, engine,
            list(zip(names, scripts)), options, menu_s, uefi_options or uefi.UefiOptions(), beside,
        )  # fmt: skip
        run_tool(
            ["xorriso", "-as", "mkisofs", "-quiet", "-R", "-V", "RITEVISOR",
             "-b", "boot/grub/core.img", "-no-emul-boot", "-boot-load-size", "4",
             "-boot-info-table", "--grub2-boot-info",
             "--grub2-mbr", str(GRUB / "boot_hybrid.img"),
             "-append_partition", "2", "0xef", str(system_partition),
             "-eltorito-alt-boot", "-e", "--interval:appended_partition_2:all::",
             "-no-emul-boot",
             "-o", str(image), str(root)],
            env=dict(os.environ, SOURCE_DATE_EPOCH=str(EPOCH)),
        )  # fmt: skip
        _place(image, output)


def _build_medium_system_partition(
    output, root, hypervisor, engine, scripts, options, menu_s, uefi_options, files
):
    """Makes the file system that UEFI firmware starts Ritevisor from."""
    fill_uefi_folder(
        root / uefi.BOOT_FOLDER, uefi.REMOVABLE_NAME, hypervisor, engine, scripts, options,
        menu_s * 1000, RESCUE_ATTEMPTS if menu_s else 0, uefi_options, files,
    )  # fmt: skip
    settle_times(root)
    uefi.build_fat(output, root)


def fill_uefi_folder(
    folder, loader_name, hypervisor, engine, scripts, options, rescue_key_ms, attempts, uefi_options, files=()
):
    """Makes the folder of the UEFI loader. scripts, files: pairs of a name and a host path.

    Where a sealed loader does not allow rescue, rescue_key_ms and attempts become 0.
    """
    if not uefi_options.allows_rescue():
        rescue_key_ms = attempts = 0
    config = uefi.config_text(
        options=options,
        has_engine=engine is not None,
        script_names=[name for name, _ in scripts],
        rescue_key_ms=rescue_key_ms,
        attempts=attempts,
        file_names=[name for name, _ in files],
        extra=[f"chain={uefi_options.chain}"] if uefi_options.chain else [],
    )
    uefi.fill_folder(
        folder,
        loader=LOADER,
        hypervisor=hypervisor,
        engine=engine,
        scripts=scripts,
        files=files,
        config=config,
        loader_name=loader_name,
    )
    uefi.finish_loader(folder, loader_name, uefi_options)


def script_names(scripts):
    """Returns the name that each script has on the medium; names are plain and differ."""
    return _names(scripts, "script", "give --script a Ruby file", SCRIPTS_MAXIMUM)


def file_names(files):
    """The same of what options name."""
    return _names(files, "file", "give --file what an option names", FILES_MAXIMUM)


def _names(paths, what, hint, maximum):
    names = []
    for path in paths:
        name = os.path.basename(need_file(path, hint))
        if not SCRIPT_NAME.fullmatch(name):
            raise UserError(f"{name!r}: a {what}'s name may have letters, digits, and . _ - + only")
        # FAT, which may hold them, takes both cases for one.
        if name.lower() in (other.lower() for other in names):
            raise UserError(f"two {what}s are named {name}; rename one")
        names.append(name)
    if len(names) > maximum:
        raise UserError(f"{len(names)} {what}s: {maximum} are the most")
    return names


def guest_append(append, commands):
    """Returns the built-in guest's kernel command line, with shell commands for it to run."""
    words = [GUEST_APPEND if append is None else append]
    if commands:
        words.append("run=" + base64.b64encode(commands.encode()).decode())
    return " ".join(words)
