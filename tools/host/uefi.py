"""UEFI: FAT file systems, the loader's folder with its configuration, and the firmware for runs."""

import hashlib
import os
import shutil
import struct
from dataclasses import dataclass
from pathlib import Path

from .errors import UserError, how_to_get, need_file, need_program, run_tool
from .paths import OVMF

SECTOR_BYTES = 512
MIB = 1 << 20
BOOT_FOLDER = "EFI/BOOT"
REMOVABLE_NAME = "BOOTX64.EFI"  # what firmware starts from media without a boot entry
VOLUME_ID = "52697465"
LABEL = "RITEVISOR"
SIGNATURE_SUFFIX = ".minisig"
# Of ritevisor.conf, in characters (boot/uefi/config.h)
LINE_LENGTH_MAXIMUM = 1023
VALUE_LENGTH_MAXIMUM = dict.fromkeys(("chain", "hypervisor", "engine", "script", "file"), 255)


@dataclass
class UefiOptions:
    """What a user may say about starting by UEFI."""

    chain: str = ""  # the program to start after us; empty: the firmware's next entry
    seal: bool = False  # the loader takes only the files that it is made with
    sign_key: str = ""  # paths of PEM files, for Secure Boot; implies seal
    sign_certificate: str = ""
    rescue: bool = False  # a sealed loader lets R and the count leave the scripts out, too

    def is_sealed(self):
        return self.seal or bool(self.sign_key)

    def allows_rescue(self):
        """What was sealed is a policy unless the user says otherwise."""
        return self.rescue or not self.is_sealed()


def build_fat(output, root, offset_bytes=0, size_bytes=None, label=LABEL, volume_id=VOLUME_ID):
    """Makes a FAT file system with all that is in the folder root; returns its size in bytes.

    It goes into the file output from offset_bytes on; what is before and behind stays.
    """
    content = sum(-(-path.stat().st_size // 4096) * 4096 + 4096 for path in root.rglob("*"))
    size_bytes = size_bytes or (content * 21 // 20 // MIB + 2) * MIB
    with open(output, "ab") as file:
        file.truncate(max(file.tell(), offset_bytes + size_bytes))
    drive = f"{output}@@{offset_bytes}"
    environment = dict(os.environ, MTOOLS_SKIP_CHECK="1", TZ="UTC")
    run_tool(
        ["mformat", "-i", drive, "-T", str(size_bytes // SECTOR_BYTES), "-h", "64", "-s", "32",
         "-H", str(offset_bytes // SECTOR_BYTES), "-N", volume_id, "-v", label, "::"],
        env=environment,
    )  # fmt: skip
    entries = sorted(str(path) for path in root.iterdir())
    run_tool(["mcopy", "-i", drive, "-s", "-m", "-Q", *entries, "::/"], env=environment)
    return size_bytes


def fill_folder(folder, *, loader, hypervisor, engine, scripts, config, loader_name, files=()):
    """Puts the loader and all that it reads into a folder.

    engine: None leaves it out. scripts, files: pairs of a name and a host path. config: the text of
    ritevisor.conf.
    """
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(need_file(loader, "run make"), folder / loader_name)
    shutil.copyfile(need_program(hypervisor), folder / "ritevisor.elf")
    if engine is not None:
        shutil.copyfile(need_program(engine), folder / "engine.elf")
    for name, source in [*scripts, *signatures(scripts)]:
        (folder / "scripts").mkdir(exist_ok=True)
        shutil.copyfile(source, folder / "scripts" / name)
    for name, source in files:
        (folder / "files").mkdir(exist_ok=True)
        shutil.copyfile(source, folder / "files" / name)
    (folder / "ritevisor.conf").write_text(config)


def signatures(scripts):
    """Returns pairs of a name and a host path: the files of minisign's beside scripts, such pairs too."""
    return [
        (name + SIGNATURE_SUFFIX, str(source) + SIGNATURE_SUFFIX)
        for name, source in scripts
        if os.path.isfile(str(source) + SIGNATURE_SUFFIX)
    ]


def find_section(image, name):
    """Returns (offset, size) of a section's bytes in a PE file (Microsoft PE format, 3 and 4)."""
    (header,) = struct.unpack_from("<I", image, 0x3C)
    nr_sections, optional_bytes = struct.unpack_from("<H12xH", image, header + 6)
    for index in range(nr_sections):
        at = header + 24 + optional_bytes + 40 * index
        if image[at : at + 8].rstrip(b"\0") == name.encode():
            size, offset = struct.unpack_from("<II", image, at + 16)
            return offset, size
    raise UserError(f"the loader has no section {name}; run make")


def seal(folder, loader_name):
    """Writes the names and sums of all other files of a folder into the loader's list.

    From then on the loader takes no file that is not in its list or was changed.
    """
    loader = folder / loader_name
    image = bytearray(loader.read_bytes())
    offset, size = find_section(image, ".payload")
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path != loader)
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()} {path.relative_to(folder)}\n"
        for path in files
    ]
    text = "".join(lines).encode()
    if len(text) >= size:
        raise UserError("too many scripts for the loader's list of files")
    image[offset : offset + size] = text.ljust(size, b"\0")
    loader.write_bytes(image)


def finish_loader(folder, loader_name, uefi_options):
    """Seals and signs the loader in a folder that is complete otherwise, as asked for."""
    key, certificate = uefi_options.sign_key, uefi_options.sign_certificate
    if bool(key) != bool(certificate):
        raise UserError("--sign-key and --sign-certificate go together")
    if uefi_options.is_sealed():
        seal(folder, loader_name)
    if key:
        sign(folder / loader_name, key, certificate)


def sign(program, key, certificate):
    """Signs a program for Secure Boot, in place."""
    need_file(key, "give --sign-key a private key (PEM)")
    need_file(certificate, "give --sign-certificate a certificate (PEM)")
    run_tool(
        ["sbsign", "--key", str(key), "--cert", str(certificate), "--output", str(program),
         str(program)]
    )  # fmt: skip


def config_text(
    *, options, has_engine, script_names, file_names=(), rescue_key_ms=0, attempts=0, extra=()
):
    """Returns ritevisor.conf. extra: more lines, KEY=VALUE.

    What the loader would leave out (boot/uefi/config.h) is an error here.
    """
    lines = [f"options={' '.join(options)}"] if options else []
    lines += [] if has_engine else ["engine=none"]
    lines += [f"script=scripts/{name}" for name in script_names]
    lines += [f"file=files/{name}" for name in file_names]
    lines += [f"rescue_key_ms={rescue_key_ms}", f"attempts={attempts}", *extra]
    for line in lines:
        key, _, value = line.partition("=")
        if "\n" in line or "\r" in line:
            raise UserError(f"a line break cannot be in ritevisor.conf: {line!r}")
        if not line.isascii():
            raise UserError(f"ritevisor.conf takes ASCII only: {line!r}")
        if len(value) > VALUE_LENGTH_MAXIMUM.get(key, LINE_LENGTH_MAXIMUM) or (
            len(line) > LINE_LENGTH_MAXIMUM
        ):
            raise UserError(f"{key}: too long for ritevisor.conf: {value}")
    return "\n".join(["# How Ritevisor starts; docs/uefi.md has all keys.", *lines]) + "\n"


def firmware_options(work, variables_from=OVMF / "OVMF_VARS_4M.fd", in_smm=False):
    """Returns QEMU's words for OVMF; the variables live in the folder work for one run.

    variables_from: what they are at first; with keys enrolled, Secure Boot is on. in_smm: only
    system management mode may write them, which needs q35 and smm=on.
    """
    name = "OVMF_CODE_4M.secboot.fd" if in_smm else "OVMF_CODE_4M.fd"
    code = need_file(OVMF / name, how_to_get("OVMF"))
    variables = Path(work) / "uefi-variables.fd"
    shutil.copyfile(need_file(variables_from, how_to_get("OVMF")), variables)
    secure = ["-global", "driver=cfi.pflash01,property=secure,value=on"] if in_smm else []
    return secure + [
        "-drive", f"if=pflash,unit=0,format=raw,readonly=on,file={code}",
        "-drive", f"if=pflash,unit=1,format=raw,file={variables}",
    ]  # fmt: skip
