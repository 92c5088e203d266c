"""Puts Ritevisor's files onto an EFI system partition, and takes them back.

What was installed is written down beside it, with sums: a file that is not in that list, or that was
changed since, is not ours and is never overwritten or removed.
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from .errors import UserError

FOLDER = "EFI/ritevisor"
LOADER_NAME = "ritevisor.efi"
LIST_NAME = "installed.txt"
COUNTER_NAME = "ritevisor.count"  # the loader writes it
ENTRY_LABEL = "Ritevisor"


def sum_of(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read_list(folder):
    """Returns {name: sums} of what was installed; empty if nothing was.

    A name has several sums only after an installation that was broken off.
    """
    sums = {}
    path = folder / LIST_NAME
    for line in path.read_text().splitlines() if path.is_file() else []:
        value, _, name = line.partition(" ")
        sums.setdefault(name, set()).add(value)
    return sums


def install(system_partition, fill):
    """Installs what fill(folder) makes; system_partition is where the partition is mounted.

    All is checked before the first file is written. Returns the folder.
    """
    if not Path(system_partition).is_dir():
        raise UserError(f"{system_partition}: no such folder; mount the EFI system partition there")
    folder = Path(system_partition) / FOLDER
    old = read_list(folder)
    with tempfile.TemporaryDirectory(prefix="ritevisor-") as work:
        made = Path(work) / "made"
        fill(made)
        names = sorted(str(path.relative_to(made)) for path in made.rglob("*") if path.is_file())
        refuse_foreign(folder, names, old)
        if needed_bytes(made, folder) > shutil.disk_usage(system_partition).free:
            raise UserError(f"{system_partition} has too little free space")
        # The list comes first: if this is broken off, uninstall knows what may be there.
        folder.mkdir(parents=True, exist_ok=True)
        new = {name: {sum_of(made / name)} for name in names}
        write_list(folder, {name: old.get(name, set()) | new.get(name, set()) for name in old | new})
        for name in names:
            copy(made / name, folder / name)
    kept = {name: old[name] for name in set(old) - set(names) if not remove(folder, name, old[name])}
    write_list(folder, kept | new)
    return folder


def refuse_foreign(folder, names, old):
    """Raises an error if a file that would be written is there and is not ours."""
    for name in names:
        path = folder / name
        if path.exists() and sum_of(path) not in old.get(name, set()):
            raise UserError(f"{path} is there and is not what was installed; nothing was changed")


def needed_bytes(made, folder):
    there = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return max(0, sum(p.stat().st_size for p in made.rglob("*") if p.is_file()) - there)


def write_list(folder, sums):
    text = "".join(
        f"{value} {name}\n" for name, values in sorted(sums.items()) for value in sorted(values)
    )
    beside = folder / (LIST_NAME + ".new")
    beside.write_text(text)
    os.replace(beside, folder / LIST_NAME)


def copy(source, target):
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(target.name + ".new")
    shutil.copyfile(source, beside)
    os.replace(beside, target)


def remove(folder, name, values):
    """Removes a file if it is still ours; returns whether it is gone."""
    path = folder / name
    if path.is_file() and sum_of(path) in values:
        path.unlink()
    return not path.exists()


def uninstall(system_partition):
    """Removes what was installed; returns the names of files that stay because they were changed."""
    folder = Path(system_partition) / FOLDER
    installed = read_list(folder)
    if not installed:
        raise UserError(f"nothing of Ritevisor is installed in {folder}")
    kept = [name for name, sums in sorted(installed.items()) if not remove(folder, name, sums)]
    (folder / COUNTER_NAME).unlink(missing_ok=True)
    (folder / LIST_NAME).unlink()
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()
    if not any(folder.iterdir()):
        folder.rmdir()
    return kept


def entry_command(system_partition):
    """Returns efibootmgr's words that add a boot entry, with the partition's disk if it is known."""
    disk, part = "DISK", "NUMBER"
    found = subprocess.run(
        ["findmnt", "-n", "-o", "SOURCE", "--target", str(system_partition)],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False,
    ).stdout.decode().strip()  # fmt: skip
    number = Path("/sys/class/block") / Path(found).name / "partition"
    if found.startswith("/dev/") and number.is_file():
        part = number.read_text().strip()
        disk = "/dev/" + number.resolve().parent.parent.name
    path = "\\" + f"{FOLDER}/{LOADER_NAME}".replace("/", "\\")
    return ["efibootmgr", "--create", "--disk", disk, "--part", part, "--label", ENTRY_LABEL,
            "--loader", path]  # fmt: skip


def add_entry(system_partition):
    """Adds the boot entry; returns the command to give by hand if that is not possible here."""
    words = entry_command(system_partition)
    if "DISK" in words or not Path("/sys/firmware/efi/efivars").is_dir():
        return words
    if shutil.which("efibootmgr") is None or subprocess.run(words, check=False).returncode != 0:
        return words
    return None


def remove_entry():
    """Removes boot entries of ours, by their label and path."""
    if shutil.which("efibootmgr") is None or not Path("/sys/firmware/efi/efivars").is_dir():
        return
    listing = subprocess.run(["efibootmgr", "-v"], stdout=subprocess.PIPE, check=False)
    for line in listing.stdout.decode(errors="replace").splitlines():
        name, _, rest = line.partition(" ")
        if name.startswith("Boot") and rest.startswith(ENTRY_LABEL) and LOADER_NAME in rest:
            number = name[4:8]
            subprocess.run(["efibootmgr", "--quiet", "--bootnum", number, "--delete-bootnum"],
                           check=False)  # fmt: skip
