"""Script engines with gems of the user's own (docs/gems.md).

A set of gems has a folder of its own below build/gems: links to the gems, so that a path with a
blank disturbs nobody, and an engine beside the plain one, which stays as it is.
"""

import fcntl
import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

from . import paths
from .errors import UserError, need_source

NAME = re.compile(r"""Specification\.new\s*\(?\s*['"]([^'"]+)['"]""")
ALLOWED = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
# A dependency that mruby's rake would fetch from a network.
REMOTE = re.compile(r"""add_dependency.*(mgem|github|bitbucket|git)\s*(:|=>)""")
IMAGE_MAXIMUM = 4 << 20  # of an engine's file; what it takes is the hypervisor's memory
LAST_LINES = 30


def gem_name(folder):
    """The name that a gem gives itself, which must be fit for C's names too."""
    rake = folder / "mrbgem.rake"
    if not folder.is_dir():
        raise UserError(f"--gems {folder}: there is no such folder")
    if not rake.is_file():
        raise UserError(f"--gems {folder}: no mrbgem.rake in it; docs/gems.md shows a small one")
    text = rake.read_text(errors="replace")
    found = NAME.search(text)
    if not found:
        raise UserError(f"{rake}: no MRuby::Gem::Specification.new('NAME') in it")
    if not ALLOWED.fullmatch(found[1]):
        raise UserError(f"{rake}: a gem's name has letters, digits, - and _ only, not {found[1]!r}")
    remote = REMOTE.search(text)
    if remote:
        raise UserError(f"{rake}: nothing is fetched for a gem, so give the other one's folder too, "
                        f"and its name alone here: {remote[0].strip()}")  # fmt: skip
    return found[1]


def built_in_names():
    """Names that are taken: mruby's gems in the engine, and ours."""
    config = (paths.ROOT / "engine" / "build_config.rb").read_text()
    listed = re.search(r"CORE_GEMS = %w\[(.*?)\]", config, re.DOTALL)[1].split()
    ours = [rake.parent.name for rake in (paths.ROOT / "engine" / "gems").glob("*/mrbgem.rake")]
    return {f"mruby-{name}" for name in listed} | set(ours)


def check_gems(folders):
    """Returns {name: folder}."""
    taken, chosen = built_in_names(), {}
    for folder in folders:
        name = gem_name(folder)
        if name in taken:
            raise UserError(f"{folder}: the engine has a gem {name} of its own; choose another name")
        # mruby makes names in C of them.
        same = [other for other in chosen if other.replace("-", "_") == name.replace("-", "_")]
        if same:
            raise UserError(f"{folder} and {chosen[same[0]]} are both called {name}")
        chosen[name] = folder
    return chosen


def prepare_folder(gems):
    """The folder of this set, with links to its gems."""
    words = "\n".join(f"{name} {folder}" for name, folder in sorted(gems.items()))
    folder = paths.BUILD / "gems" / hashlib.sha256(words.encode()).hexdigest()[:12]
    links = folder / "links"
    links.mkdir(parents=True, exist_ok=True)
    for name, target in gems.items():
        if not (links / name).is_symlink():
            os.symlink(target, links / name)
    write_files(folder, gems)
    return folder


def write_files(folder, gems):
    """Makes the list of the gems' files, which is newer when one was changed, added or taken away."""
    found = [f"{path.stat().st_mtime_ns} {path}\n" for top in gems.values()
             for path in sorted(top.rglob("*")) if path.is_file()]  # fmt: skip
    listed = folder / "files"
    if not listed.is_file() or listed.read_text() != "".join(found):
        listed.write_text("".join(found))


def run_make(folder):
    relative = os.path.relpath(folder, paths.ROOT)
    command = ["make", "--no-print-directory", "-C", str(paths.ROOT), f"gems-folder={relative}",
               f"{relative}/engine.fpu-free"]  # fmt: skip
    environment = {name: value for name, value in os.environ.items() if "MAKE" not in name}
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment)
    return done.returncode, done.stdout.decode(errors="replace")


def explain(output):
    """What of make's and rake's output says what is wrong."""
    lines = output.splitlines()
    missing = re.search(r"undefined symbol: (\S+)", output)
    told = [line for line in lines if re.search(r"error:|syntax error|engine\.elf: |referenced by|"
                                                r"No such file|Can't find|Error\)", line)]  # fmt: skip
    told = told or lines[-LAST_LINES:]
    if missing:
        told.append(f"{missing[1]} is in no gem and not in the engine's C library, see "
                    "docs/gems.md for what there is")  # fmt: skip
    return "\n  ".join(told[:LAST_LINES])


def build(words):
    """Builds the engine with the gems in these folders. Returns its path."""
    need_source("An engine with gems")
    gems = check_gems([Path(word).absolute() for word in words])
    folder = prepare_folder(gems)
    engine = folder / "engine.elf"
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        print(f"ritevisor: the engine with {', '.join(gems)} (minutes the first time)",
              file=sys.stderr)  # fmt: skip
        status, output = run_make(folder)
    if status != 0:
        raise UserError(f"the engine with {', '.join(gems)} could not be built:\n  {explain(output)}")
    size = engine.stat().st_size
    if size > IMAGE_MAXIMUM:
        raise UserError(f"the engine with {', '.join(gems)} has {size >> 10} KiB, more than the "
                        f"{IMAGE_MAXIMUM >> 10} that fit")  # fmt: skip
    return engine
