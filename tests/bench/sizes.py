"""Sizes that need no boot: of the ELF programs, and of the source text at CPL 0."""

import re
import struct
from pathlib import Path

from host.paths import CACHE

ROOT = Path(__file__).resolve().parent.parent.parent

# What is at CPL 0, by area: a file belongs to the first of them whose folder it is in.
CPL0_AREAS = {
    "crypt": ("crypt",), "disk": ("mediator/disk",), "net": ("mediator/net",), "virtio": ("mediator/virtio",), "iommu": ("iommu",),
    "control": ("control",),
    "base": ("boot", "core", "vmm", "hook", "mediator", "process"),
}  # fmt: skip
SOURCE_SUFFIXES = {".c", ".h", ".S"}
COMMENT_OR_STRING = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|/\*.*?\*/|//[^\n]*', re.S)

SECTION_NOBITS = 8
FLAG_WRITE, FLAG_ALLOC, FLAG_EXECUTE = 1, 2, 4


def elf_sections(path):
    """Yields (type, flags, size) of each section of an ELF64 program."""
    data = path.read_bytes()
    (table,) = struct.unpack_from("<Q", data, 40)
    entry_bytes, count = struct.unpack_from("<HH", data, 58)
    for i in range(count):
        _, kind, flags, _, _, size = struct.unpack_from("<IIQQQQ", data, table + i * entry_bytes)
        yield kind, flags, size


def elf_sizes(path):
    """Returns (bytes of code, bytes of other memory, bytes loaded from the file)."""
    code = data = loaded = 0
    for kind, flags, size in elf_sections(path):
        if not flags & FLAG_ALLOC:
            continue
        if flags & FLAG_EXECUTE:
            code += size
        else:
            data += size
        if kind != SECTION_NOBITS:
            loaded += size
    return code, data, loaded


def count_code_lines(text):
    """Lines that hold more than white space and comments."""
    def blank(match):
        found = match.group()
        return re.sub(r"[^\n]", " ", found) if found.startswith("/") else found

    return sum(1 for line in COMMENT_OR_STRING.sub(blank, text).splitlines() if line.strip())


def cpl0_lines(root):
    """Returns the lines of each area."""
    lines, seen = {}, set()
    for area, folders in CPL0_AREAS.items():
        files = {path for folder in folders for path in (root / folder).rglob("*")} - seen
        seen |= files
        lines[area] = sum(count_code_lines(path.read_text()) for path in files if path.suffix in SOURCE_SUFFIXES)
    return lines


def third_party_lines(root, cache):
    """Lines of the decoder's and the cipher's .c files that are linked into the hypervisor; not of their tables."""
    lines = 0
    for name in ("zydis", "bearssl"):
        names = {path.stem for path in (root / "build" / name).rglob("*.o")}
        files = (path for path in cache.glob(f"src/{name}-*/src/**/*.c") if path.stem in names)
        lines += sum(count_code_lines(path.read_text(errors="replace")) for path in files)
    return lines


def measure_programs(figures):
    code, data, _ = elf_sizes(ROOT / "build/ritevisor.elf")
    figures["hypervisor_text_bytes"] = code
    figures["hypervisor_data_bytes"] = data
    figures["engine_image_bytes"] = elf_sizes(ROOT / "build/engine.elf")[2]


def measure_lines(figures):
    lines = cpl0_lines(ROOT)
    figures["cpl0_c_lines"] = sum(lines.values())
    figures.update({f"cpl0_{area}_c_lines": count for area, count in lines.items()})
    figures["cpl0_third_party_c_lines"] = third_party_lines(ROOT, CACHE)


STEPS = [
    ("sizes of the programs",
     ["hypervisor_text_bytes", "hypervisor_data_bytes", "engine_image_bytes"], measure_programs,
     "both"),
    ("lines of source",
     ["cpl0_c_lines", *(f"cpl0_{area}_c_lines" for area in CPL0_AREAS), "cpl0_third_party_c_lines"],
     measure_lines, "both"),
]  # fmt: skip
