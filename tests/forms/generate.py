#!/usr/bin/env python3
"""Instruction forms with an operand in memory, made from a seed: assembler text for the guest
tests/guest/mmio.c, which runs each on plain memory and on a page of registers and compares.

RDI points at 64 bytes of memory under test, GS is based there too, RSI at 64 bytes of other memory; RCX is 1.
RBX, R8 and R11 are free, and what comes of RAX, RCX, RDX, RDI, RSI, flags and both memories is compared.
"""

import random

WINDOW_BYTES = 64
SUFFIXES = {1: "b", 2: "w", 4: "l", 8: "q"}
RAX = {1: "%al", 2: "%ax", 4: "%eax", 8: "%rax"}
RDX = {1: "%dl", 2: "%dx", 4: "%edx", 8: "%rdx"}
HIGH = ["%ah", "%dh"]
CONDITIONS = ["o", "no", "b", "ae", "e", "ne", "be", "a", "s", "ns", "p", "np", "l", "ge", "le", "g"]
ALU = ["add", "or", "adc", "sbb", "and", "sub", "xor", "cmp"]
LOCKABLE = {"add", "or", "adc", "sbb", "and", "sub", "xor"}
# QEMU 7.2 computes flags when they are asked for, and loses those that a SETcc or RCL asked for that faults.
SETTLE = "pushf; popf"
CARRY_ALONE = ["setc %dl", "cmp %al, %al"]  # the other flags are undefined
SSE_LOADS = [  # name, bytes, whether it has to be aligned
    ("movups", 16, False), ("movupd", 16, False), ("movdqu", 16, False), ("lddqu", 16, False),
    ("movaps", 16, True), ("movdqa", 16, True), ("movd", 4, False), ("movq", 8, False),
    ("movss", 4, False), ("movsd", 8, False), ("paddd", 16, True), ("pshufb", 16, True),
    ("pxor", 16, True), ("movddup", 8, False), ("movlps", 8, False), ("movhps", 8, False),
    ("pmovzxbw", 8, False), ("cvtsi2sdl", 4, False),
]  # fmt: skip
SSE_STORES = [
    ("movups", 16, False), ("movdqu", 16, False), ("movaps", 16, True), ("movdqa", 16, True),
    ("movntdq", 16, True), ("movntps", 16, True), ("movd", 4, False), ("movq", 8, False),
    ("movss", 4, False), ("movsd", 8, False), ("movlps", 8, False), ("movhps", 8, False),
]  # fmt: skip
X87 = [("flds", "fstps", 4), ("fldl", "fstpl", 8), ("fldt", "fstpt", 10), ("filds", "fistps", 2),
       ("fildl", "fistpl", 4), ("fildll", "fistpll", 8)]  # fmt: skip


class Maker:
    """Draws forms. bits: of the code, 64 or 32 (where registers above the eighth do not exist)."""

    def __init__(self, seed, bits=64):
        self.random = random.Random(seed)
        self.bits = bits
        self.widths = [1, 2, 4, 8] if bits == 64 else [1, 2, 4]

    def width(self, *widths):
        return self.random.choice([w for w in (widths or (1, 2, 4, 8)) if w in self.widths])

    def place(self, size, align=1):
        """Where an operand of so many bytes is in the window."""
        places = [at for at in range(WINDOW_BYTES - size + 1) if at % align == 0]
        return self.random.choice(places)

    def memory(self, size, align=1):
        """Returns (what prepares it, the operand)."""
        at, scale = self.place(size, align), self.random.choice([1, 2, 4, 8])
        near = at - scale
        forms = [("", f"{at}(%edi)"), ("", f"{near}(%edi,%ecx,{scale})"), ("", f"%gs:{at}"),
                 ("", f"%gs:{at - 1}(%ecx)"), ("", f"%es:{at}(%edi)"),
                 ("", f"%ss:{at}(%edi)")]  # fmt: skip
        if self.bits == 64:
            forms += [("", f"{at}(%rdi)")] * 4 + [("", f"{near}(%rdi,%rcx,{scale})")] * 2
            forms += [("", f"%gs:{at - 1}(%rcx)"), (f"lea {at + 5}(%rdi), %r11", "-5(%r11)"),
                      (f"mov $-{at + 1}, %r8; neg %r8", "-1(%rdi,%r8)")]  # fmt: skip
        else:
            low = self.random.randrange(at + 1)
            forms += [(f"mov ${low}, %ebx", f"%gs:{at - low}(%bx)")] * 3
        return self.random.choice(forms)

    def alu(self):
        name, width = self.random.choice(ALU), self.width()
        prepare, memory = self.memory(width)
        carry = self.random.choice(["stc", "clc"])
        kind = self.random.randrange(4)
        lock = "lock " if name in LOCKABLE and kind < 2 and self.random.random() < 0.3 else ""
        if kind == 0:
            limit = min(1 << 8 * width - 1, 1 << 31)
            value = self.random.choice([1, -1, 3, limit - 1, -limit, self.random.randrange(limit)])
            return [prepare, carry, f"{lock}{name}{SUFFIXES[width]} ${value}, {memory}"]
        source = self.random.choice([RAX, RDX])[width]
        if kind == 1:
            return [prepare, carry, f"{lock}{name} {source}, {memory}"]
        return [prepare, carry, f"{name} {memory}, {source}"]

    def move(self):
        width = self.width()
        prepare, memory = self.memory(width)
        register = self.random.choice([RAX[width], RDX[width]] + (HIGH if width == 1 else []))
        if self.random.random() < 0.3:
            return [prepare, f"mov{SUFFIXES[width]} ${self.random.randrange(100)}, {memory}"]
        if self.needs_rex(memory) and register in HIGH:
            register = RDX[1]
        pair = (memory, register) if self.random.random() < 0.5 else (register, memory)
        return [prepare, f"mov {pair[0]}, {pair[1]}"]

    @staticmethod
    def needs_rex(memory):
        return "%r8" in memory or "%r11" in memory

    def extend(self):
        small = self.width(1, 2, 4)
        wide = self.width(*[w for w in (2, 4, 8) if w > small]) if small < max(self.widths) else 4
        if small >= wide:
            small = 1
        prepare, memory = self.memory(small)
        sign = self.random.choice("sz")
        if small == 4:
            return [prepare, f"movslq {memory}, {RAX[8]}"]
        return [prepare, f"mov{sign}{SUFFIXES[small]}{SUFFIXES[wide]} {memory}, {RAX[wide]}"]

    def exchange(self):
        width = self.width()
        prepare, memory = self.memory(width)
        name = self.random.choice(["xchg", "xadd", "cmpxchg", "cmpxchg equal"])
        lock = self.random.choice(["", "lock "])
        if name == "cmpxchg equal":
            return [prepare, f"mov {memory}, {RAX[width]}", f"{lock}cmpxchg {RDX[width]}, {memory}"]
        return [prepare, f"{lock}{name} {RDX[width]}, {memory}"]

    def exchange_pair(self):
        wide = self.bits == 64 and self.random.random() < 0.5
        prepare, memory = self.memory(16 if wide else 8, 16 if wide else 1)
        if "ebx" in prepare:
            return self.exchange()
        load = [f"mov {memory}, %rax", "xor %edx, %edx"] if wide and self.random.random() < 0.5 else []
        return [prepare, *load, "mov $5, %ebx", f"lock cmpxchg{16 if wide else 8}b {memory}"]

    def one(self):
        width = self.width()
        prepare, memory = self.memory(width)
        name = self.random.choice(["inc", "dec", "neg", "not", "mul", "imul"])
        lock = self.random.choice(["", "lock "]) if name not in ("mul", "imul") else ""
        return [prepare, f"{lock}{name}{SUFFIXES[width]} {memory}"]

    def shift(self):
        width = self.width()
        prepare, memory = self.memory(width)
        name = self.random.choice(["rol", "ror", "rcl", "rcr", "shl", "shr", "sar"])
        count = self.random.choice(["$1, ", "%cl, ", f"${self.random.randrange(1, 8 * width)}, "])
        return [prepare, SETTLE, f"{name}{SUFFIXES[width]} {count}{memory}"]

    def shift_double(self):
        width = self.width(2, 4, 8)
        prepare, memory = self.memory(width)
        count = self.random.choice(["%cl", f"${self.random.randrange(1, 8 * width)}"])
        return [prepare, f"{self.random.choice(['shld', 'shrd'])} {count}, {RDX[width]}, {memory}"]

    def bit(self):
        width = self.width(2, 4, 8)
        name = self.random.choice(["bt", "bts", "btr", "btc"])
        lock = self.random.choice(["", "lock "]) if name != "bt" else ""
        if self.random.random() < 0.5:
            prepare, memory = self.memory(width)
            index = self.random.randrange(8 * width)
            return [prepare, f"{lock}{name}{SUFFIXES[width]} ${index}, {memory}", *CARRY_ALONE]
        index = self.random.randrange(-128, 128)
        at = self.random.randrange(16, 40)
        return [f"mov ${index}, {RAX[width]}", f"{lock}{name} {RAX[width]}, {at}(%edi)", *CARRY_ALONE]

    def scan(self):
        width = self.width(2, 4, 8)
        prepare, memory = self.memory(width)
        name = self.random.choice(["bsf", "bsr", "popcnt", "tzcnt", "imul"])
        return [prepare, f"{name} {memory}, {RAX[width]}"]

    def condition(self):
        condition = self.random.choice(CONDITIONS)
        flags = self.random.choice(["cmp %eax, %edx", "cmp %edx, %eax", "test %eax, %eax", "stc"])
        if self.random.random() < 0.5:
            prepare, memory = self.memory(1)
            return [prepare, flags, SETTLE, f"set{condition} {memory}"]
        width = self.width(2, 4, 8)
        prepare, memory = self.memory(width)
        return [prepare, flags, f"cmov{condition} {memory}, {RAX[width]}"]

    def swap(self):
        width = self.width(2, 4, 8)
        prepare, memory = self.memory(width)
        if self.random.random() < 0.5:
            return [prepare, f"movbe {memory}, {RAX[width]}"]
        return [prepare, f"movbe {RDX[width]}, {memory}"]

    def checksum(self):
        width = self.width()
        prepare, memory = self.memory(width)
        return [prepare, f"crc32{SUFFIXES[width]} {memory}, {'%rax' if width == 8 else '%eax'}"]

    def store_past_caches(self):
        width = self.width(4, 8)
        prepare, memory = self.memory(width)
        return [prepare, f"movnti {RAX[width]}, {memory}"]

    def stack(self):
        """PUSH and POP of an operand, and the stack itself in the memory."""
        if self.bits != 64:
            return self.move()
        at = self.place(8)
        top = self.random.randrange(24, WINDOW_BYTES + 1)
        return self.random.choice([
            [f"push {at}(%rdi)", "pop %rax"],
            [f"pushw {at}(%rdi)", "popw %ax"],
            ["push %rdx", f"pop {at}(%rdi)"],
            ["pushw %dx", f"popw {at}(%rdi)"],
            ["mov %rsp, %r8", f"lea {top}(%rdi), %rsp", "push %rax", "push %rdx", "pop %rax",
             "pushw %dx", "popw %ax", "mov %r8, %rsp"],
            ["mov %rsp, %r8", f"lea {top}(%rdi), %rsp", "push $0x55", "pop %rdx", "mov %r8, %rsp"],
            ["mov %rsp, %r8", f"lea {top - 8}(%rdi), %rsp", "pop %rax", "mov %r8, %rsp"],
            ["mov %rsp, %r8", "mov %rbp, %r11", "mov $0x1234, %ebp", f"lea {top}(%rdi), %rsp",
             "enter $8, $0", "leave", "mov %ebp, %eax", "mov %r11, %rbp", "mov %r8, %rsp"],
            ["mov %rsp, %r8", f"lea {top}(%rdi), %rsp", "pushf", "pop %rax", "and $0x8d5, %eax",
             "andl $0x8d5, -8(%rsp)", "mov %r8, %rsp"],
        ])  # fmt: skip

    def transfer(self):
        """CALL, JMP and RET through the memory. What stands there are addresses, alike in both places."""
        if self.bits != 64:
            return self.move()
        at = self.place(8)
        top = self.random.randrange(24, WINDOW_BYTES + 1)
        return self.random.choice([
            ["lea 7f(%rip), %rax", f"mov %rax, {at}(%rdi)", f"call *{at}(%rdi)", "jmp 8f",
             "7: mov $7, %edx", "ret", "8: nop"],
            ["lea 7f(%rip), %rax", f"mov %rax, {at}(%rdi)", f"jmp *{at}(%rdi)", "mov $9, %edx",
             "7: nop"],
            ["mov %rsp, %r8", f"lea {top}(%rdi), %rsp", "call 7f", "jmp 8f", "7: mov $7, %edx", "ret",
             "8: mov %r8, %rsp"],
            ["mov %rsp, %r8", f"lea {top}(%rdi), %rsp", "lea 8f(%rip), %rax", "push $5", "push %rax",
             "ret $8", "8: mov %rsp, %rdx", "sub %rdi, %rdx", "mov %r8, %rsp"],
        ])  # fmt: skip

    def table(self):
        if self.bits != 64:
            return self.move()
        return ["mov %rdi, %rbx", f"mov ${self.random.randrange(WINDOW_BYTES)}, %al", "xlat"]

    def string(self):
        width, count = self.width(), self.random.randrange(5)
        suffix, down = SUFFIXES[width], self.random.random() < 0.3
        name = self.random.choice(["movs", "stos", "lods", "scas", "cmps"])
        repeat = self.random.choice(["", "rep ", "repne "] if name in ("scas", "cmps") else ["", "rep "])
        address = "addr32 " if self.bits == 64 and self.random.random() < 0.3 else ""
        at = self.random.randrange(32) + (width * 4 if down else 0)
        other = self.random.randrange(32) + (width * 4 if down else 0)
        wide = "r" if self.bits == 64 else "e"
        di, si, cx, dx = (f"%{wide}{name}" for name in ("di", "si", "cx", "dx"))
        code = [f"lea {at}({di}), {di}", f"lea {other}({si}), {si}", f"mov ${count}, {cx}"]
        end = ["cld"]
        if name == "lods" or self.random.random() < 0.3:
            code.append(f"xchg {si}, {di}")
            end.append(f"xchg {si}, {di}")
        elif name in ("movs", "cmps") and self.random.random() < 0.3:
            code.append(f"lea {self.random.randrange(-8, 9)}({di}), {si}")
            end.append(f"mov {si}, {dx}; sub {di}, {dx}; mov $0, {si}")
        return code + (["std"] if down else []) + [f"{address}{repeat}{name}{suffix}"] + end

    def port_string(self):
        width = self.width(1)
        at, count = self.random.randrange(32), self.random.randrange(1, 4)
        di, si = ("%rdi", "%rsi") if self.bits == 64 else ("%edi", "%esi")
        cx = "%rcx" if self.bits == 64 else "%ecx"
        if self.random.random() < 0.5:
            return ["mov $0x81, %edx", f"lea {at}({di}), {di}", f"mov ${count}, {cx}",
                    f"rep ins{SUFFIXES[width]}", f"lea -{at + count * width}({di}), {di}"]  # fmt: skip
        return [f"xchg {si}, {di}", "mov $0x81, %edx", f"lea {at}({si}), {si}", f"mov ${count}, {cx}",
                f"rep outs{SUFFIXES[width]}", f"lea -{at + count * width}({si}), {si}", f"xchg {si}, {di}",
                "in $0x81, %al"]  # fmt: skip

    def sse(self):
        if self.random.random() < 0.5:
            name, size, aligned = self.random.choice(SSE_LOADS)
            prepare, memory = self.memory(size, 16 if aligned else 1)
            return ["movups (%esi), %xmm1", prepare, f"{name} {memory}, %xmm1", "movups %xmm1, 16(%esi)"]
        name, size, aligned = self.random.choice(SSE_STORES)
        prepare, memory = self.memory(size, 16 if aligned else 1)
        return ["movups 16(%esi), %xmm2", prepare, f"{name} %xmm2, {memory}"]

    def x87(self):
        load, store, size = self.random.choice(X87)
        prepare, memory = self.memory(size)
        if self.random.random() < 0.5:
            return [prepare, f"{load} {memory}", f"{store} (%esi)"]
        return [prepare, f"fildl {self.place(4)}(%esi)", f"{store} {memory}"]

    KINDS = [(alu, 10), (move, 6), (extend, 4), (exchange, 5), (exchange_pair, 2), (one, 4), (shift, 5),
             (shift_double, 2), (bit, 5), (scan, 3), (condition, 4), (swap, 2), (checksum, 2),
             (store_past_caches, 1), (stack, 5), (transfer, 3), (table, 1), (string, 10),
             (port_string, 2), (sse, 6), (x87, 3)]  # fmt: skip

    def form(self):
        kinds, weights = zip(*self.KINDS)
        kind = self.random.choices(kinds, weights)[0]
        return "; ".join(line for line in kind(self) if line)


def assembler_text(seed, count):
    """A file for the assembler, with a table of `count` forms."""
    makers = [Maker(f"{seed} 64", 64), Maker(f"{seed} 32", 32)]
    lines = ["\t.section .rodata.form_table, \"a\"", "\t.balign 8", "\t.globl form_table, form_table_end",
             "form_table:"]  # fmt: skip
    for number in range(count):
        narrow = number % 4 == 3
        text = makers[narrow].form()
        code = f"5: {text}; ret"
        if narrow:  # 32-bit code, by a far call and back
            code = f"5: lcall *6f; ret; 6: .long 4f; .word 8; 4: .code32; {text}; lret; .code64"
        lines += ["\t.text", *("\t" + part.strip() for part in code.split(";")),
                  "\t.section .rodata.form_text, \"a\"", f"2:\t.asciz \"{'32-bit: ' if narrow else ''}{text}\"",
                  "\t.section .rodata.form_table, \"a\"", "\t.quad 5b, 2b"]  # fmt: skip
    return "\n".join(lines + ["form_table_end:", "\t.section .note.GNU-stack, \"\", @progbits", ""])


if __name__ == "__main__":
    import sys

    print(assembler_text(int(sys.argv[1]), int(sys.argv[2])), end="")
