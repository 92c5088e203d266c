"""Where things are: the repository, its build folder, the cache, GRUB."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
BUILD = ROOT / "build"
GUEST = ROOT / "tools" / "guest"
CACHE = Path(os.environ.get("RITEVISOR_CACHE") or Path.home() / ".cache" / "ritevisor").absolute()
KERNEL_PACKAGE = CACHE / "kernel" / "current"
GRUB = Path("/usr/lib/grub/i386-pc")
GRUB_EFI = Path("/usr/lib/grub/x86_64-efi")
OVMF = Path("/usr/share/OVMF")

HYPERVISOR = BUILD / "ritevisor.elf"
ENGINE = BUILD / "engine.elf"
LOADER = BUILD / "ritevisor.efi"
HARDWARE_CHECK = BUILD / "hwcheck"
CONTROL = BUILD / "ritectl"
REPORT = BUILD / "report"  # what its pages have of others
GUEST_DISK = BUILD / "guest.img"
GUEST_INITRD = BUILD / "guest-initrd.gz"
GUEST_PROBE = BUILD / "probe"

# A clone, in which things are built; else a copy that was installed (tools/place), which has what it needs.
IS_SOURCE = (ROOT / "Makefile").is_file()
