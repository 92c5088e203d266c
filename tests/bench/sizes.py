"""Sizes that need no boot: of the ELF programs, and of the source text at CPL 0."""

import os
import re
import struct
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
CACHE = Path(os.environ.get("RITEVISOR_CACHE") or Path.home() / ".cache/ritevisor")

CPL0_FOLDERS = ("boot", "core", "vmm", "iommu", "hook", "mediator", "process")
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
    return sum(
        count_code_lines(path.read_text())
        for folder in CPL0_FOLDERS
        for path in (root / folder).rglob("*")
        if path.suffix in SOURCE_SUFFIXES
    )


def third_party_lines(root, cache):
    """Lines of the decoder's .c files that are linked into the hypervisor; not of its tables."""
    names = {path.stem for path in (root / "build/zydis").glob("*.o")}
    return sum(
        count_code_lines(path.read_text(errors="replace"))
        for path in cache.glob("src/zydis-*/src/*.c")
        if path.stem in names
    )


def measure_programs(figures):
    code, data, _ = elf_sizes(ROOT / "build/ritevisor.elf")
    figures["hypervisor_text_bytes"] = code
    figures["hypervisor_data_bytes"] = data
    figures["engine_image_bytes"] = elf_sizes(ROOT / "build/engine.elf")[2]


def measure_lines(figures):
    figures["cpl0_c_lines"] = cpl0_lines(ROOT)
    figures["cpl0_third_party_c_lines"] = third_party_lines(ROOT, CACHE)


STEPS = [
    ("sizes of the programs",
     ["hypervisor_text_bytes", "hypervisor_data_bytes", "engine_image_bytes"], measure_programs,
     "both"),
    ("lines of source", ["cpl0_c_lines", "cpl0_third_party_c_lines"], measure_lines, "both"),
]  # fmt: skip
