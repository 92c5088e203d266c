"""Rules of USB devices: what USBGuard's own reader takes is taken here, and nothing else, and what is printed it prints too."""

import random
import subprocess
from concurrent.futures import ThreadPoolExecutor

from harness import ROOT, test
from inside import ritevisor

READER = ROOT / "build/tests/usbguard-rule-parser"
# Words that are put together at random, right and wrong ones. What docs/usb.md says is otherwise here is not among them.
TARGETS = ["allow", "block", "reject", "permit", "Allow", "allow#", ""]
IDS = ["46f4:0001", "46F4:*", "*:*", "*:0001", "46f4", "46f4:1", "1234:00011", "12g4:0001"]
INTERFACES = ["08:06:50", "03:*:*", "03:01:*", "e0:01:01", "*:*:*", "03:*:01", "3:1:1", "08:06", "08:06:50:01", "0g:*:*"]
TEXTS = ['"A1"', '""', '"a b"', '"#"', r'"\"q\""', r'"\\"', r'"\x41"', r'"\x4"', r'"\q"', r'"\n"', '"{"', '"open', "bare", '"é"', r'"\xFF"']
CONDITIONS = ["true", "!true", "allowed-matches(with-interface one-of { 03:00:01 03:01:01 })", "!allowed-matches(1234:0001)", "false",
              "! true", "!!true", "maybe-not", "true)", "allowed-matches", "allowed-matches()", "allowed-matches (46f4:0001)",
              "allowed-matches( 46f4:0001)", "allowed-matches(46f4:0001 )", "allowed-matches(colour)", 'allowed-matches(name "a)b")',
              "allowed-matches(allow 46f4:0001)", "allowed-matches(id 46f4:0001", "allowed-matches(46f4:0001 if true)"]  # fmt: skip
OPERATORS = ["all-of", "one-of", "none-of", "equals", "equals-ordered", "match-all", "any-of", "One-of"]
ATTRIBUTES = [("id", IDS), ("with-interface", INTERFACES), ("name", TEXTS), ("serial", TEXTS), ("hash", TEXTS), ("via-port", TEXTS),
              ("parent-hash", TEXTS), ("label", TEXTS), ("if", CONDITIONS), ("colour", TEXTS)]  # fmt: skip


def likely(rng, choices):
    """One of the first few mostly, which are right ones."""
    return rng.choice(choices[:3] if rng.random() < 0.8 else choices)


def a_set(rng, name, values):
    if rng.random() < 0.5:
        return likely(rng, values)
    inner = rng.choice([" ", "  ", ""]).join(["", *[f"{likely(rng, values)} " for _ in range(rng.randrange(4))]]).rstrip()
    braces = rng.choice(["{%s }", "{ %s }", "{%s}", "{\t%s}"]) % inner if rng.random() < 0.9 else "{ %s" % inner
    operator = "" if rng.random() < 0.4 else rng.choice(OPERATORS[:6] if rng.random() < 0.9 else OPERATORS) + rng.choice([" ", " ", " ", ""])
    if name == "if" and "match-all" in operator:
        operator = ""
    return operator + braces


def a_rule(rng):
    words = [likely(rng, TARGETS)]
    if rng.random() < 0.4:
        words.append(likely(rng, IDS))
    for name, values in rng.sample(ATTRIBUTES[:-1], rng.randrange(4)):
        words.append(name + rng.choice([" ", " ", " ", " ", "\t", "  ", ""]) + a_set(rng, name, values))
    if rng.random() < 0.1:
        words.append(rng.choice(["colour \"red\"", "}", "{", "46f4:0001", "name", 'serial "twice"', "if true"]))
    rule = rng.choice([" ", " ", " ", "  ", "\t"]).join(words)
    if rng.random() < 0.2:
        at = rng.randrange(len(rule) + 1)
        rule = rule[:at] + rng.choice(["", "{", "}", '"', " ", "\\", "#", ":", "x"]) + rule[at + rng.randrange(2):]
    return rule.strip(" \t") + rng.choice(["", "", "", "# said", " # said"])


def theirs(rule):
    """What it makes of a rule; None: it takes it for none."""
    done = subprocess.run([READER, rule], capture_output=True, timeout=30, check=False)
    lines = done.stdout.decode(errors="replace").split("\nOUTPUT: ")
    return lines[1].rstrip("\n") if done.returncode == 0 and len(lines) == 2 else None


def ruby(text):
    return '"' + "".join(f"\\x{byte:02x}" for byte in text.encode()) + '"'


def ours(work, code):
    """What a script in the simulator writes, in lines."""
    script = work / "rules.rb"
    script.write_text(code)
    done = ritevisor("check", script)
    assert done.returncode == 0, done.text
    lines = [line.removeprefix("rules.rb: ") for line in done.stdout.decode(errors="replace").splitlines()]
    return [line for line in lines if line[:2] in ("< ", "! ")]


def judged(work, rules):
    lines = []
    for at in range(0, len(rules), 50):
        texts = ",\n".join(ruby(rule) for rule in rules[at:at + 50])
        lines += ours(work, f"[{texts}].each {{ |text| begin; puts \"< #{{Usb::Rules.new(text).size}}\"; "
                            "rescue ArgumentError => e; puts \"! #{e.message.inspect}\"; end }")  # fmt: skip
    return lines


@test
def usb_rules_are_those_that_usbguard_reads(work):
    rng = random.Random(25)
    rules = sorted({rule for rule in (a_rule(rng) for _ in range(500)) if rule and "\n" not in rule})
    with ThreadPoolExecutor(2) as pool:
        wanted = list(pool.map(theirs, rules))
    found = judged(work, rules)
    assert len(found) == len(rules), f"{len(found)} answers to {len(rules)} rules"
    wrong = [f"{rule!r}: {line}, theirs {text!r}" for rule, text, line in zip(rules, wanted, found, strict=True)
             if (text is not None) != (line[0] == "<")]  # fmt: skip
    assert not wrong, f"{len(wrong)} of {len(rules)}:\n" + "\n".join(wrong[:40])
    assert 100 < sum(text is not None for text in wanted) < len(rules) - 100, "too few of one kind"


TEXT = """
class Usb
  def descriptors = "\\x12\\x01"
end
def shown(product, serial, interfaces)
  device = Usb.new([1, 0x46f4, 1, 0, 3, 0, 2, "1-2.3", "m", product, serial, interfaces, 0])
  rule = device.rule
  again = Usb::Rules.new(rule).judge(device)
  puts again == [:allow, 1] ? "< #{rule}" : "! #{rule}"
end
"""


@test
def usb_rules_are_printed_as_usbguard_does(work):
    rng = random.Random(26)
    letters = 'aZ09 ~"\\#{}\'\t\x01\x1f\x7fäß€日\U0001f600'
    calls = [f"shown({ruby(''.join(rng.choices(letters, k=rng.randrange(9))))}, {ruby(rng.choice(['', 'A1', letters]))}, "
             f"{[[rng.randrange(256) for _ in range(3)] for _ in range(rng.randrange(1, 4))]})" for _ in range(40)]  # fmt: skip
    lines = ours(work, TEXT + "\n".join(calls))
    assert len(lines) == len(calls), lines
    for line in lines:
        assert line.startswith("< allow id 46f4:0001 serial "), line
        assert theirs(line[2:]) == line[2:], f"{line[2:]}\n{theirs(line[2:])}"
        assert ('serial ""' in line) == (' via-port "1-2.3" ' in line), line
