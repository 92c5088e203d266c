"""Errors that a user can act on, and running other programs so that their failures are told."""

import importlib.util
import os
import shutil
import subprocess

from . import paths


# Debian's packages of what the tools run and read, for whoever has no clone, whose tools/setup installs all. The
# package of tools/deb recommends them.
PACKAGES = {
    "qemu-system-x86_64": "qemu-system-x86",
    "grub-mkimage": "grub-common",
    "i386-pc": "grub-pc-bin",  # GRUB's own folders
    "x86_64-efi": "grub-efi-amd64-bin",
    "xorriso": "xorriso",
    "mformat": "mtools",
    "mcopy": "mtools",
    "mke2fs": "e2fsprogs",
    "busybox": "busybox-static",  # the built-in guest's
    "cpio": "cpio",
    "OVMF": "ovmf",
    "sbsign": "sbsigntool",
    "efibootmgr": "efibootmgr",
    "bt2": "python3-bt2",
    "cryptsetup": "cryptsetup-bin",
    "openssl": "openssl",
}
MODULES = ("bt2",)  # those of PACKAGES that Python imports


def how_to_get(name):
    """What to do about something in PACKAGES that is missing."""
    if paths.IS_SOURCE or name not in PACKAGES:
        return "run tools/setup"
    missing = sorted({package for each, package in PACKAGES.items() if not _is_there(each)})
    return f"install Debian's {PACKAGES[name]}; all that may be needed: apt install --no-install-recommends {' '.join(missing)}"


def _is_there(name):
    """A program, a module of Python's, or one of GRUB's folders, or OVMF's."""
    if name in MODULES:
        return importlib.util.find_spec(name) is not None
    folders = {"i386-pc": paths.GRUB, "x86_64-efi": paths.GRUB_EFI, "OVMF": paths.OVMF}
    if name in folders:
        return folders[name].is_dir()
    return shutil.which(name, path=os.environ.get("PATH", "/usr/bin") + ":/usr/sbin:/sbin") is not None


class UserError(Exception):
    """Its text says what is wrong and what to do; shown without a traceback."""


def need_file(path, hint):
    """Returns path if it is a readable file; otherwise says so, with a hint what to do. What a clone makes, an installed
    copy has lost."""
    hint = hint if paths.IS_SOURCE else hint.replace("run make", "install Ritevisor again")
    if not os.path.exists(path):
        raise UserError(f"{path}: no such file; {hint}")
    if not os.path.isfile(path):
        raise UserError(f"{path}: not a plain file; {hint}")
    if not os.access(path, os.R_OK):
        raise UserError(f"{path}: not readable")
    return path


def need_source(what):
    """Says so if what cannot be built because this is no clone."""
    if not paths.IS_SOURCE:
        raise UserError(f"{what} is built from Ritevisor's source, which is not installed; use a clone")


def need_program(path):
    """Returns path if it is a file with a program for the bare machine."""
    with open(need_file(path, "run make"), "rb") as file:
        if file.read(4) != b"\x7fELF":
            raise UserError(f"{path}: not an ELF program")
    return path


def run_tool(arguments, **options):
    """Runs a host program to its end; its output is shown only when it fails."""
    try:
        done = subprocess.run(
            arguments,
            stdin=options.pop("stdin", subprocess.DEVNULL),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            **options,
        )
    except FileNotFoundError:
        raise UserError(f"{arguments[0]} is not installed; {how_to_get(arguments[0])}") from None
    if done.returncode != 0:
        output = done.stdout.decode(errors="replace").strip()
        raise UserError(f"{arguments[0]} failed ({done.returncode}):\n{output}")
