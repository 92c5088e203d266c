"""./ritevisor hwcheck: can this machine run Ritevisor? The answer is a program's, whose code is the
hypervisor's own (boot/hardware_check.h)."""

import subprocess

from commands import options
from host import paths
from host.errors import need_file

EXAMPLES = """\
examples:
  ./ritevisor hwcheck                   without root, as far as that goes
  sudo modprobe msr; sudo ./ritevisor hwcheck
  scp build/hwcheck machine:            it runs there by itself

The exit status is 0 if Ritevisor can run on this machine, 1 if it cannot, 3 if that is not known.
"""


def add(commands):
    parser = options.add_command(
        commands, "hwcheck", hwcheck, "say whether this machine can run Ritevisor", EXAMPLES
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--root", metavar="DIR",
                        help="look at DIR/proc, DIR/sys, DIR/cpuid and DIR/msr instead")  # fmt: skip


def hwcheck(arguments):
    words = [need_file(str(paths.HARDWARE_CHECK), "run make")]
    words += ["--json"] if arguments.json else []
    words += ["--root", arguments.root] if arguments.root else []
    return subprocess.run(words, check=False).returncode
