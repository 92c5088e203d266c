"""Puts Ritevisor's files onto an EFI system partition, and takes them back.

What was installed is written down beside it, with sums: a file that is not in that list, or that was
changed since, is not ours and is never overwritten or removed.
"""

import hashlib
import os
import re
import shutil
import tempfile
from pathlib import Path, PurePosixPath

from .errors import UserError

FOLDER = "EFI/ritevisor"
LOADER_NAME = "ritevisor.efi"
LIST_NAME = "installed.txt"
COUNTER_NAME = "ritevisor.count"  # the loader writes it
# Each file is written under another name first, which nobody else has.
UNFINISHED_PREFIX, UNFINISHED_SUFFIX = ".ritevisor-", ".new"

LOADER = "\\" + f"{FOLDER}/{LOADER_NAME}".replace("/", "\\")  # as the firmware names it


def sum_of(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def is_inside(name):
    """Is this the name of a file in the folder or below, whoever wrote it?"""
    parts = name.split("/")
    return "\\" not in name and "\0" not in name and not {"", ".", ".."} & set(parts)


def read_list(folder):
    """Returns {name: sums} of what was installed; empty if nothing was.

    A name has several sums only after an installation that was broken off. Lines that are none of
    ours are left out: what they name is then not ours either.
    """
    sums = {}
    path = folder / LIST_NAME
    text = path.read_text(errors="replace") if path.is_file() else ""
    for value, name in re.findall(r"^([0-9a-f]{64}) (.+)$", text, re.MULTILINE):
        if is_inside(name):
            sums.setdefault(name, set()).add(value)
    return sums


def install(system_partition, fill):
    """Installs what fill(folder) makes; system_partition is where the partition is mounted.

    All is checked before the first file is written. Returns the folder, and the names of files that
    an earlier installation had, this one has not, and that stay because they were changed.
    """
    if not Path(system_partition).is_dir():
        raise UserError(f"{system_partition}: no such folder; mount the EFI system partition there")
    folder = Path(system_partition) / FOLDER
    old = read_list(folder)
    with tempfile.TemporaryDirectory(prefix="ritevisor-") as work:
        made = Path(work) / "made"
        fill(made)
        names = sorted(str(path.relative_to(made)) for path in made.rglob("*") if path.is_file())
        refuse_foreign_list(folder, old)
        refuse_foreign(folder, names, old)
        refuse_without_space(system_partition, folder, made, names)
        # The list comes first: if this is broken off, uninstall knows what may be there.
        folder.mkdir(parents=True, exist_ok=True)
        remove_unfinished(folder)
        new = {name: {sum_of(made / name)} for name in names}
        write_list(folder, {name: old.get(name, set()) | new.get(name, set()) for name in old | new})
        for name in names:
            write(folder / name, (made / name).read_bytes())
    kept = {name: old[name] for name in set(old) - set(names) if not remove(folder, name, old[name])}
    write_list(folder, kept | new)
    return folder, sorted(kept)


def refuse_foreign_list(folder, old):
    path = folder / LIST_NAME
    if not old and (path.exists() or path.is_symlink()):
        raise UserError(f"{path} is there and lists nothing of Ritevisor's; nothing was changed. "
                        "Rename it")  # fmt: skip


def parents_of(names):
    """Returns the folders, below the one of the installation, that the names are in."""
    return {str(parent) for name in names for parent in PurePosixPath(name).parents} - {"."}


def refuse_foreign(folder, names, old):
    """Raises an error if a file that would be written is there and is not ours."""
    for name in parents_of(names):
        path = folder / name
        if path.is_symlink() or (path.exists() and not path.is_dir()):
            raise UserError(f"{path} is there and is no folder; nothing was changed. Rename it")
    for name in names:
        path = folder / name
        if not (path.exists() or path.is_symlink()) or (
            path.is_file() and not path.is_symlink() and sum_of(path) in old.get(name, set())
        ):
            continue
        if name in old:
            raise UserError(
                f"{path} was changed since it was installed; nothing was changed now. "
                "Rename it, install again, and give your changes as options"
            )
        raise UserError(
            f"{path} is there and is not what was installed; nothing was changed. "
            "Rename it, or install onto another partition"
        )


def refuse_without_space(system_partition, folder, made, names):
    """Raises an error unless there is room for each file beside the one that it replaces."""
    state = os.statvfs(system_partition)

    def blocks(path):
        return -(-path.stat().st_size // state.f_frsize) if path.is_file() else 0

    used = most = 0
    for name in names:
        most = max(most, used + blocks(made / name))
        used += blocks(made / name) - blocks(folder / name)
    missing = (most + len(names) - state.f_bavail) * state.f_frsize
    if missing > 0:
        raise UserError(f"{system_partition} has too little free space: "
                        f"{-(-missing // 1024)} KiB more are needed")  # fmt: skip


def write_list(folder, sums):
    text = "".join(
        f"{value} {name}\n" for name, values in sorted(sums.items()) for value in sorted(values)
    )
    write(folder / LIST_NAME, text.encode())


def write(target, data):
    """Writes a file whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor, beside = tempfile.mkstemp(UNFINISHED_SUFFIX, UNFINISHED_PREFIX, target.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(beside, 0o644)
        os.replace(beside, target)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise


def remove_unfinished(folder):
    """Removes what an installation left that was stopped amid a file."""
    for path in folder.rglob(f"{UNFINISHED_PREFIX}*{UNFINISHED_SUFFIX}"):
        if path.is_file():
            path.unlink()


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
    remove_unfinished(folder)
    counter = folder / COUNTER_NAME
    if counter.is_file() and re.fullmatch(rb"\d+\n?", counter.read_bytes()):
        counter.unlink()
    (folder / LIST_NAME).unlink()
    for name in [*sorted(parents_of(installed), reverse=True), "."]:
        path = folder / name
        if path.is_dir() and not path.is_symlink() and not any(path.iterdir()):
            path.rmdir()
    return kept
