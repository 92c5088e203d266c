"""Can this machine run QEMU with KVM, and virtualization inside of it?"""

import os
import re
from pathlib import Path

from .errors import UserError

# By the vendor's name in /proc/cpuinfo: what --cpu calls it, KVM's module, the CPU's feature.
VENDORS = {"AuthenticAMD": ("amd", "kvm_amd", "svm"), "GenuineIntel": ("intel", "kvm_intel", "vmx")}


def check(cpu=None, root="/"):
    """Returns (--cpu's word for this machine's vendor, QEMU's CPU model); a UserError says what is
    missing. cpu: the vendor that is asked for, if any. root: where /dev, /proc and /sys are."""
    root = Path(root)
    vendor, module, feature = _vendor(root)
    if cpu not in (None, vendor):
        raise UserError(
            f"--accel kvm uses this machine's own CPU, which is --cpu {vendor}; "
            f"for --cpu {cpu} leave --accel kvm out, and it is emulated"
        )
    device = root / "dev/kvm"
    if not device.exists():
        raise UserError(
            f"--accel kvm needs /dev/kvm, which is not there: run `modprobe {module}`; if that fails, "
            f"this is a virtual machine without nesting, or the firmware's setup has it switched off"
        )
    if not os.access(device, os.R_OK | os.W_OK):
        raise UserError("--accel kvm: you may not use /dev/kvm; join the group kvm, or be root")
    parameter = root / "sys/module" / module / "parameters/nested"
    if not parameter.exists() or parameter.read_text().strip() not in ("1", "Y", "y"):
        raise UserError(
            f"--accel kvm: nested virtualization is off; end all virtual machines, then run "
            f"`modprobe -r {module} && modprobe {module} nested=1`"
        )
    return vendor, f"host,+{feature}"


def _vendor(root):
    match = re.search(r"^vendor_id\s*: (\w+)$", (root / "proc/cpuinfo").read_text(), re.MULTILINE)
    if not match or match[1] not in VENDORS:
        raise UserError("--accel kvm needs an AMD or Intel CPU")
    return VENDORS[match[1]]
