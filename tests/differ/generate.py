#!/usr/bin/env python3
"""Hooks and accesses made from a seed, for tests/differ/run: three scripts with hooks on the same few ports,
bytes of memory, MSRs and leaves of CPUID, and sequences of accesses to these.

What is read is never written and the other way round, so that what a device answers does not depend on what
became of earlier accesses: it is known before the scripts run.
"""

import random
import sys

SEQUENCES = 500
SCRIPTS = 3
HOOKS = 30  # a script
PORTS = range(0x240, 0x250)  # where no device is
READ_PAGE, WRITE_PAGE = 0x8000000, 0x8004000  # RAM
BYTES = 32
READ_MSRS = [0xC0000082, 0xC0000102]  # LSTAR, KERNEL_GS_BASE
WRITE_MSRS = [0xC0000081, 0xC0000083]  # STAR, CSTAR
LEAVES = [0x80000002, 0x80000003, 0x80000004]  # the CPU's name: no subleaves
SUBLEAVES = range(4)
PORT_WIDTHS, MEMORY_WIDTHS = (1, 2, 4), (1, 2, 4, 8)
KINDS = ["port_read", "port_write", "mmio_read", "mmio_write", "msr_read", "msr_write", "cpuid"]
# What takes little of each sequence: CPUID and MSRs have few addresses.
WEIGHTS = [3, 3, 3, 3, 1, 1, 2]


class Access:
    """One of the guest's; width in bytes; subleaf and value where the kind has them."""

    def __init__(self, kind, address, width, value=0, subleaf=0):
        self.kind, self.address, self.width, self.value, self.subleaf = kind, address, width, value, subleaf

    def is_write(self):
        return self.kind.endswith("_write")


class Generator:
    def __init__(self, seed, sequences):
        self.random = random.Random(seed)
        self.bytes = [self.random.randrange(256) for _ in range(BYTES)]
        self.msrs = {msr: self.random.randrange(1 << 31) for msr in READ_MSRS}
        self.scripts = [self.script() for _ in range(SCRIPTS)]
        self.sequences = [self.sequence() for _ in range(sequences)]

    # Hooks ------------------------------------------------------------------------------------

    def addresses(self, kind):
        """All that accesses of a kind can have."""
        if kind.startswith("port"):
            return list(PORTS)
        if kind.startswith("mmio"):
            page = READ_PAGE if kind == "mmio_read" else WRITE_PAGE
            return list(range(page, page + BYTES))
        if kind.startswith("msr"):
            return READ_MSRS if kind == "msr_read" else WRITE_MSRS
        return LEAVES

    def some_address(self, kind):
        """As scripts write it: a number, a Range or an Array."""
        pick, known = self.random, self.addresses(kind)
        first = pick.choice(known)
        shape = pick.randrange(4)
        if shape == 0 or (kind.startswith("msr") and shape > 1):  # between these MSRs are the others
            return f"0x{first:x}"
        if shape == 1:
            second = pick.choice(known)
            return f"[0x{first:x}, 0x{second:x}]" if first != second else f"0x{first:x}"
        last = min(first + pick.randrange(1, 8), known[-1])
        if pick.random() < 0.3 and last > first:
            return f"0x{first:x}...0x{last:x}"
        return f"0x{first:x}..0x{last:x}"

    def some_filters(self, kind):
        """Those that are no addresses, as {name: text}."""
        pick, found = self.random, {}
        if kind.startswith(("port", "mmio")) and pick.random() < 0.3:
            widths = PORT_WIDTHS if kind.startswith("port") else MEMORY_WIDTHS
            found["width"] = str(pick.choice([pick.choice(widths), sorted(pick.sample(widths, 2))]))
        if kind.endswith("_write") and pick.random() < 0.4:
            shape = pick.randrange(3)
            if shape == 0:
                found["value"] = f"{pick.randrange(8)}"
                found["mask"] = "7"
            elif shape == 1:
                found["value"] = f"..0x{pick.randrange(1 << 16):x}"
            else:
                found["value"] = f"[{pick.randrange(4)}, {pick.randrange(4, 8)}]"
        if kind == "cpuid":
            found["subleaf"] = pick.choice(["0..3", "1..2", f"{pick.randrange(4)}"])
        return found

    def exception(self, kind):
        name = {"cpuid": "leaf", "msr_read": "msr", "msr_write": "msr"}.get(kind, "address")
        filters = self.some_filters(kind)
        if not filters or self.random.random() < 0.6:
            filters[name] = self.some_address(kind)
        if self.random.random() < 0.3 and len(filters) > 1:
            filters.pop(name, None)
        return "{ " + ", ".join(f"{each}: {text}" for each, text in filters.items()) + " }"

    def verdict(self, kind):
        """Lines of a block that decide."""
        pick = self.random
        constant = f"0x{pick.randrange(1 << 31):x}"
        if kind == "cpuid":
            name = pick.choice(["eax", "ebx", "ecx", "edx"])
            change, mix = f"io.{name} = {constant}", f"io.{name} = io.{pick.choice(['eax', 'edx'])} ^ {constant}"
        else:
            change, mix = f"io.value = {constant}", f"io.value = io.value ^ {constant}"
        return pick.choice([
            "", "io.pass", change, change, mix, mix, "io.deny", "io.drop", 'io.deny("no")', "io.accept",
            f"{change}; io.accept", f"io.accept; {change}", f"{mix}; io.accept", "io.deny; io.pass",
            f"{change}; io.pass", "io.accept; io.pass", f"io.drop; {change}", "io.deny; io.accept",
            'raise "on purpose"', f'{change}; raise "on purpose"', f'io.accept; raise "on purpose"',
        ])  # fmt: skip

    def block(self, kind, number):
        pick = self.random
        value = ", v: io.value" if kind.endswith("_write") or (kind != "cpuid" and pick.random() < 0.2) else ""
        lines = [f'log "h{number}", a: io.address, w: io.width{value}']
        if pick.random() < 0.6:
            lines.append(self.verdict(kind))
        else:
            what = pick.choice([f"io.sequence % {pick.randrange(2, 5)} == 0", "io.address.odd?", "io.width > 1"])
            lines += [f"if {what}", f"  {self.verdict(kind)}", "else", f"  {self.verdict(kind)}", "end"]
        if pick.random() < 0.15:
            lines.append(f"hooks[{pick.randrange(HOOKS)}].off if io.sequence == {pick.randrange(2, 9)}")
        return [line for line in lines if line.strip()]

    def hook(self, number):
        pick = self.random
        kind = pick.choices(KINDS, WEIGHTS)[0]
        words = [f":{kind}", self.some_address(kind)]
        words += [f"{name}: {text}" for name, text in self.some_filters(kind).items()]
        if pick.random() < 0.35:
            exceptions = [self.exception(kind) for _ in range(pick.randrange(1, 3))]
            words.append("except: " + (exceptions[0] if len(exceptions) == 1 else f"[{', '.join(exceptions)}]"))
        if pick.random() < 0.4:
            words.append(f"on_error: :{pick.choice(['pass', 'deny', 'deny', 'disable'])}")
        if pick.random() < 0.1:
            words.append("observe: true")
        lines = [f"hooks << on({', '.join(words)}) do |io|"]
        return lines + [f"  {line}" for line in self.block(kind, number)] + ["end"]

    def script(self):
        lines = ["hooks = []"]
        for number in range(HOOKS):
            lines += self.hook(number)
        return "\n".join(lines) + "\n"

    # Accesses ---------------------------------------------------------------------------------

    def access(self):
        pick = self.random
        kind = pick.choices(KINDS, WEIGHTS)[0]
        known = self.addresses(kind)
        if kind == "cpuid":
            return Access(kind, pick.choice(known), 4, subleaf=pick.choice(SUBLEAVES))
        if kind.startswith("msr"):
            return Access(kind, pick.choice(known), 8, pick.randrange(1 << pick.choice([3, 16, 31])))
        width = pick.choice(PORT_WIDTHS if kind.startswith("port") else MEMORY_WIDTHS)
        address = pick.randrange(known[0], known[-1] + 2 - width)
        bits = min(8 * width, pick.choice([3, 16, 64]))
        return Access(kind, address, width, pick.randrange(1 << bits))

    def sequence(self):
        return [self.access() for _ in range(self.random.randrange(3, 8))]


def table(made):
    """The guest's C file."""
    lines = ['#include "differ.h"', "const struct differ_access differ_accesses[] = {"]
    for sequence in made.sequences:
        for each in sequence:
            value = each.value if each.is_write() else 0
            lines.append(f"\t{{ DIFFER_{each.kind.upper()}, {each.width}, 0x{each.subleaf << 32 | each.address:x}u, "
                         f"0x{value:x}u }},")  # fmt: skip
        lines.append("\t{ .kind = DIFFER_END },")
    lines += ["};", "const unsigned differ_nr_accesses = sizeof(differ_accesses) / sizeof(differ_accesses[0]);",
              f"const uint64_t differ_read_page = 0x{READ_PAGE:x}, differ_write_page = 0x{WRITE_PAGE:x};",
              f"const uint8_t differ_bytes[] = {{ {', '.join(map(str, made.bytes))} }};",
              f"const unsigned differ_nr_bytes = {BYTES};",
              "const struct differ_msr differ_msrs[] = {"]  # fmt: skip
    lines += [f"\t{{ 0x{msr:x}, 0x{value:x} }}," for msr, value in made.msrs.items()]
    lines += ["};", f"const unsigned differ_nr_msrs = {len(READ_MSRS)};",
              f"const uint32_t differ_written_msrs[] = {{ {', '.join(map(hex, WRITE_MSRS))} }};",
              f"const unsigned differ_nr_written_msrs = {len(WRITE_MSRS)};",
              f"const uint32_t differ_leaves[] = {{ {', '.join(map(hex, LEAVES))} }};",
              f"const unsigned differ_nr_leaves = {len(LEAVES)};"]  # fmt: skip
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(table(Generator(int(sys.argv[1]), int(sys.argv[2]))), end="")
