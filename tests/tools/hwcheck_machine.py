"""Faked machines for the tests of ./ritevisor hwcheck: folders with the files that it reads."""

import struct

AMD = "AuthenticAMD"
INTEL = "GenuineIntel"
SVM_FEATURES = {"npt": 1 << 0, "nrip": 1 << 3, "flush": 1 << 6, "decode": 1 << 7}
# Control capability: what may be 1 is in the upper half.
EPT, VPID, UNRESTRICTED = 1 << 33, 1 << 37, 1 << 39
VIRTUAL_NMI, MONITOR_TRAP = 1 << 37, 1 << 59
WINDOW_EXITS, PROCESSOR = 1 << 34 | 1 << 54, 1 << 57 | 1 << 60 | 1 << 63
DIRECT_INTERRUPTS = 1 << 32 | 1 << 35
EFER_EXIT, EFER_ENTRY = 1 << 34 | 1 << 41 | 1 << 52 | 1 << 53, 1 << 34 | 1 << 47
EPT_WALK_4, EPT_WRITE_BACK, INVEPT, INVEPT_ALL = 1 << 6, 1 << 14, 1 << 20, 1 << 26
VMX_MSRS = {
    0x480: (4096 << 32) | 0x10,
    0x481: VIRTUAL_NMI,
    0x482: MONITOR_TRAP | WINDOW_EXITS,
    0x48B: EPT | VPID | UNRESTRICTED,
    0x48C: 1 << 16 | EPT_WALK_4 | EPT_WRITE_BACK | INVEPT | INVEPT_ALL,
    0x48D: DIRECT_INTERRUPTS,
    0x48E: PROCESSOR,
    0x48F: EFER_EXIT,
    0x490: EFER_ENTRY,
}
FEATURE_CONTROL, VM_CR = 0x3A, 0xC0010114
PCI_DEVICES = {
    "0000:00:00.0": (0x8086, 0x29C0, 0x060000),
    "0000:00:1f.2": (0x8086, 0x2922, 0x010601),
    "0000:01:00.0": (0x1B36, 0x0010, 0x010802),
    "0001:00:00.0": (0x8086, 0x1234, 0x020000),  # another domain
}
MEMORY = [(0, 0x9FBFF, "System RAM"), (0x9FC00, 0x9FFFF, "Reserved"),
          (0x100000, 0x3FFDFFFF, "System RAM"), (0x3FFE0000, 0x3FFFFFFF, "ACPI Tables")]  # fmt: skip


def vendor_leaf(vendor):
    b, d, c = struct.unpack("<III", vendor.encode())
    return (0x10, b, c, d)


def amd_cpuid(svm=True, features=sum(SVM_FEATURES.values())):
    return {
        0: vendor_leaf(AMD),
        1: (0x800F12, 0, 0, 0),
        0x80000000: (0x8000000A, 0, 0, 0),
        0x80000001: (0, 0, 4 if svm else 0, 1 << 26),
        0x80000002: struct.unpack("<IIII", b"Fixture CPU".ljust(16, b"\0")),
        0x80000007: (0, 0, 0, 1 << 8),
        0x8000000A: (1, 32768, 0, features),
    }


def intel_cpuid(vmx=True):
    return {
        0: vendor_leaf(INTEL),
        1: (0x306C3, 0, 1 << 5 if vmx else 0, 0),
        0x80000000: (0x80000008, 0, 0, 0),
    }


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def make(root, *, cpuid, msrs=None, cpuinfo="", tables=("FACP",), devices=PCI_DEVICES,
         memory=MEMORY, iomem=None, cpus="0-3"):  # fmt: skip
    """Writes a machine below root. msrs: None if they cannot be read."""
    rows = [f"{leaf:x} 0 " + " ".join(f"{r:x}" for r in regs) for leaf, regs in cpuid.items()]
    write(root / "cpuid", "\n".join(rows) + "\n")
    if msrs is not None:
        rows = [f"{msr:x} " + ("absent" if value is None else f"{value:x}")
                for msr, value in msrs.items()]  # fmt: skip
        write(root / "msr", "\n".join(rows) + "\n")
    write(root / "proc/cpuinfo", cpuinfo)
    (root / "sys/firmware/acpi/tables").mkdir(parents=True)
    for table in tables:
        write(root / "sys/firmware/acpi/tables" / table, "")
    for name, (vendor, device, code) in devices.items():
        folder = root / "sys/bus/pci/devices" / name
        write(folder / "vendor", f"{vendor:#06x}\n")
        write(folder / "device", f"{device:#06x}\n")
        write(folder / "class", f"{code:#08x}\n")
    for number, (start, end, kind) in enumerate(memory):
        folder = root / f"sys/firmware/memmap/{number}"
        write(folder / "start", f"{start:#x}\n")
        write(folder / "end", f"{end:#x}\n")
        write(folder / "type", kind + "\n")
    if iomem is not None:
        write(root / "proc/iomem", iomem)
    write(root / "sys/devices/system/cpu/present", cpus + "\n")
    return root
