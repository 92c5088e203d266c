"""Hostile scripts that are too large, or too odd, to be files."""

MIB = 1 << 20
HOOK = b"on(:port_read, PORT) { |io| io.value = 0x11 }\n"


def header(state, guest, *logs, is_raw=False):
    lines = ["# group: source", f"# guest: {guest}", f"# state: {state}"]
    lines += [f"# log: {log}" for log in logs]
    return "\n".join(lines + ["# raw"] * is_raw)


def bytecode():
    """What mrbc makes begins so (mruby's include/mruby/dump.h); the rest is damaged."""
    head = b"RITE0300" + (200).to_bytes(4, "big") + b"MATZ0000"
    section = b"IREP" + (0x7FFFFFFF).to_bytes(4, "big") + b"0300"
    record = (0xFFFFFFFF).to_bytes(4, "big") + b"\xff\xff" * 4 + b"\x04\x05" + bytes(range(128))
    return head + section + record


def scripts():
    """Returns (name, header, content) of each. All 1 MiB that a script may be is used."""
    syntax = "${name}:.*syntax error"
    refused = header("refused", "pass", syntax)
    nested = header("refused", "pass", "${name}:.*(memory|heap quota)")
    return [
        ("source_bytecode.rb", header("refused", "pass", "${name}:.*(syntax error|NameError)", is_raw=True), bytecode()),
        ("source_large.rb", header("alive", "0x11"),
         b"x = [1, 2, 3].map { |i| i + 1 } # filler\n" * 500 + HOOK + b"#" * (MIB - 50000)),
        ("source_statements.rb", header("refused", "pass", "${name}:.*(NoMemoryError|memory allocation error|heap quota)"),
         b"x = [1, 2, 3].map { |i| i + 1 } # filler\n" * 25000 + HOOK),
        ("source_line.rb", header("refused", "pass", "${name}:.*string too long"),
         b"s = '" + b"x" * (MIB - 100) + b"'; " + HOOK),
        ("source_name.rb", header("refused", "pass", "${name}:.*string too long"),
         b"x" * 70000 + b" = 1; " + HOOK),
        ("source_brackets.rb", nested, b"[" * 20000 + b"]" * 20000 + b"\n" + HOOK),
        ("source_parentheses.rb", nested, b"x = " + b"(" * (MIB // 2) + b"1\n"),
        ("source_blocks.rb", nested, b"if true\n" * 5000 + b"end\n" * 5000 + HOOK),
        ("source_terms.rb", nested, b"x = 1" + b" + 1" * 100000 + b"\n" + HOOK),
        ("source_utf8.rb", header("alive", "0x11"),
         b"s = \"\xff\xfe\xc0\x80\xed\xa0\x80\xf8\"; s.inspect; s.to_sym.inspect; s[3, 9]; s.upcase\n" +
         HOOK),
        ("source_utf8_name.rb", header("alive", "0x11"), b"\xff\xfe\xc0\x80 = 1\n" + HOOK),
        # A NUL ends the source, as mruby sees it.
        ("source_nul.rb", header("gone", "pass"), b"x = 1\0\0\n" + HOOK),
        ("source_zeros.rb", header("gone", "pass", is_raw=True), bytes(4096)),
        ("source_heredoc.rb", refused, b"x = <<A + <<B\n" + b"text #{\n" * 1000),
        ("source_comment.rb", header("refused", "pass", "${name}:.*embedded document"), b"\n=begin\n" + b"text\n" * 1000),
        ("source_noise.rb", header("refused", "pass", is_raw=True),
         bytes((i * i * 31 + i * 7 + 13) & 0xFF for i in range(65536))),
    ]  # fmt: skip
