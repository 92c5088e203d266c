"""System tests: text files of blocks, one test a block, separated by empty lines.

    NAME      what is shown, in words
    RUN       a shell command; $BOOT is `./ritevisor boot` with a time limit and the chosen CPU,
              $GUEST the folder of bare guests, $SCRIPTS that of the tests' scripts; $FROM_DISK, for --run,
              what runs the script on IDE's second channel in the guest; $EXACT, among
              QEMU's options, makes time count instructions, so that budgets do not depend on how
              busy this machine is
    EXPECT    a regular expression that a line of output must match, behind the line that the
              EXPECT before it matched; ${name} stands for what (?P<name>...) matched before
    REJECT    one that no line may match; `^not ok` and `PANIC` are rejected in every test
    STATUS    the command's exit status (default 0)
    TIMEOUT   seconds (default 60)
    REPEAT    how often to run it; every time must pass
    FOR       a variable and its values: one test for each, and for each combination of several
    LONG      `variable=value ...`: what FOR makes with one of these is for `tests/run --long` only, as is all
              that stands in the folder long
    REQUIRE   a file that must exist, or the test is skipped
    VENDOR    amd, intel, both (default), or amd-bochs
    KNOWN     `VENDOR WHERE PATTERN: reason`: checks of a guest that fail there, see differences.py;
              WHERE is bare, ours or both, and FOR has a variable `on` that is bare or ours

amd is QEMU. On intel, which Bochs emulates, and on amd-bochs, where it emulates an AMD CPU that QEMU does not
have, tests whose command asks for what only QEMU has are skipped, and the others have more time. On
amd-bochs there are only the tests that name it.

Colours, and the time and CPU before Ritevisor's lines, are taken out of the output first.

A line that starts with white space continues the one before; # starts a comment line.
"""

import itertools
import re
from dataclasses import dataclass, field

from host import console

from . import differences
from .cases import Case

ALWAYS_REJECTED = (r"^not ok", r"ritevisor: PANIC")
UNWANTED = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][0-9A-B]|\x1bc|\r|" + console.LOG_STAMP)
SINGLE_FIELDS = {"NAME", "RUN", "STATUS", "TIMEOUT", "REPEAT", "VENDOR"}
LIST_FIELDS = {"EXPECT", "REJECT", "FOR", "LONG", "REQUIRE", "KNOWN"}
DEFAULT_TIMEOUT_S = 60

# What a command may ask for that Bochs does not have.
LACKING_IN_BOCHS = {
    r"--machine q35": "Bochs has no q35",
    r"--smm on": "Bochs's SMM cannot be chosen",
    r"--memory ([3-9]|\d\d+)G": "Bochs has 2 GiB at most",
    r"by=(keyboard|output|port92)": "such a reset ends Bochs, bare too",
    r"pc-testdev": "Bochs has no pc-testdev",
    r"--firmware uefi|system/uefi (?!--bochs)": "OVMF has no ACPI tables in Bochs, so no power-off",
    r"-- .*-(cpu|no-reboot|device|icount|plugin)\b": "it takes QEMU options",
}
BOCHS_TIMEOUT_FACTOR = 3


# In the built-in guest: runs the script that the disk of IDE's second channel begins with, up to 64 KiB. Linux looks for disks
# at both channels at a time, so their names tell nothing; $DISK is that one.
FROM_DISK = (
    "for m in scsi_common scsi_mod libata ata_piix sd_mod; do insmod /lib/$m.ko; done; "
    'export DISK=/dev/$(ls -l /sys/block | sed -n "s,.*/ata2/.*/,,p"); '
    r'head -c 65536 $DISK | tr -d "\0" >/t.sh; sh /t.sh'
)


class FormatError(Exception):
    """A test file says something that cannot be."""


@dataclass
class Block:
    """One test as written."""

    line: int
    single: dict = field(default_factory=dict)
    lists: dict = field(default_factory=lambda: {name: [] for name in LIST_FIELDS})


def parse(text, file_name):
    """Returns the blocks of a test file."""
    blocks, block = [], None
    logical = re.sub(r"\n[ \t]+(?=\S)", " ", text)
    for number, line in enumerate(logical.split("\n"), 1):
        if line.startswith("#"):
            continue
        if not line.strip():
            block = None
            continue
        if block is None:
            block = Block(number)
            blocks.append(block)
        name, _, value = line.partition(" ")
        value = value.strip()
        if name in LIST_FIELDS:
            block.lists[name].append(value)
        elif name in SINGLE_FIELDS and name not in block.single:
            block.single[name] = value
        else:
            raise FormatError(f"{file_name}:{number}: cannot use field '{name}' here")
    for block in blocks:
        if "NAME" not in block.single or "RUN" not in block.single:
            raise FormatError(f"{file_name}:{block.line}: a test needs NAME and RUN")
        if not block.lists["EXPECT"]:
            raise FormatError(f"{file_name}:{block.line}: a test needs EXPECT")
        for line in block.lists["KNOWN"]:
            if differences.parse(line) is None:
                raise FormatError(f"{file_name}:{block.line}: cannot use KNOWN {line}")
        known = {f"{name}={value}" for _, chosen in variants(block) for name, value in chosen.items()}
        for word in _long_words(block) - known:
            raise FormatError(f"{file_name}:{block.line}: LONG {word} is nothing that FOR has")
    return blocks


def variants(block):
    """Yields (name suffix, {variable: value}) for each combination of FOR's values."""
    loops = [line.split() for line in block.lists["FOR"]]
    for values in itertools.product(*(words[1:] for words in loops)):
        chosen = {words[0]: value for words, value in zip(loops, values)}
        yield "".join(f" {key}={value}" for key, value in chosen.items()), chosen


def _long_words(block):
    return {word for line in block.lists["LONG"] for word in line.split()}


def _is_long(path, block, chosen):
    words = {f"{name}={value}" for name, value in chosen.items()}
    return path.parent.name == "long" or not words.isdisjoint(_long_words(block))


def collect(root, vendor, boot_options="", long=False):
    """Returns the cases of all test files, in the order of the files: those for every day, or with long the
    others."""
    machine = "--cpu amd --emulator bochs" if vendor == "amd-bochs" else f"--cpu {vendor}"
    # On one line with the guest, the order of what both say is the order in which they said it.
    boot = f"./ritevisor boot --shared-console {machine} {boot_options}".strip()
    cases = []
    for path in sorted((root / "tests/system").glob("**/*.test")):
        for block in parse(path.read_text(), path.name):
            if vendor == "amd-bochs" and vendor not in block.single.get("VENDOR", "").split():
                continue
            for suffix, chosen in variants(block):
                if _is_long(path, block, chosen) != long:
                    continue
                kind = "system" if vendor == "amd" else "system-" + vendor
                name = f"{kind}/{path.stem}: {block.single['NAME']}{suffix}"
                cases.append(_case(root, name, block, chosen, vendor, boot))
    return cases


def _case(root, name, block, chosen, vendor, boot):
    timeout_s = float(block.single.get("TIMEOUT", DEFAULT_TIMEOUT_S))
    is_bochs = vendor != "amd"
    if is_bochs:
        timeout_s *= BOCHS_TIMEOUT_FACTOR
    repeat = int(block.single.get("REPEAT", 1))
    settings = {
        "BOOT": f"{boot} --timeout {timeout_s:g}",
        # Bochs's time counts instructions anyway.
        "EXACT": "" if is_bochs else "-icount shift=3,sleep=off",
        "GUEST": "build/tests/guest",
        "SCRIPTS": "tests/system/scripts",
        "FROM_DISK": FROM_DISK,
        **chosen,
    }
    command = "\n".join(f"{key}='{value}'" for key, value in settings.items())
    command += f"\n{block.single['RUN']}"
    if repeat > 1:
        # Each round's output is judged by itself.
        command = f"for round in $(seq {repeat}); do\n{command} || exit\necho '$ round'\ndone"
    where = chosen.get(differences.WHERE, "")
    knowns = differences.applicable(block.lists["KNOWN"], vendor, where)
    case = Case(name, command, lambda outcome: judge(block, chosen, outcome, repeat, knowns),
                timeout_s=(timeout_s + 10) * repeat, is_one=True)  # fmt: skip
    if block.lists["KNOWN"]:
        case.differences = lambda outcome: (
            vendor, where, differences.excuse(clean(outcome.text), knowns)[1]
        )  # fmt: skip
    if vendor not in block.single.get("VENDOR", vendor).split():
        case.skip = f"not for {vendor}"
    elif is_bochs:
        case.skip = lacking_in_bochs(block.single["RUN"], chosen)
    for path in block.lists["REQUIRE"]:
        if not (root / path).exists():
            case.skip = f"{path} is not there"
    return case


def lacking_in_bochs(command, chosen):
    """Returns what a command asks for in vain, or nothing."""
    for name, value in chosen.items():
        command = re.sub(rf"\${name}\b", value, command)
    for pattern, reason in LACKING_IN_BOCHS.items():
        if re.search(pattern, command):
            return reason
    return ""


def clean(text):
    return UNWANTED.sub("", text)


def judge(block, chosen, outcome, repeat=1, knowns=()):
    """Returns (1, []) or (0, [what is wrong])."""
    wanted = int(block.single.get("STATUS", 0))
    text, counts = differences.excuse(clean(outcome.text), knowns)
    rounds = [text] if repeat == 1 else text.split("$ round\n")[:-1]
    failures = []
    for number, round_text in enumerate(rounds, 1):
        problems = judge_text(block, chosen, round_text)
        failures += [f"round {number}: {text}" for text in problems] if repeat > 1 else problems
    if repeat > 1 and len(rounds) != repeat:
        failures.append(f"{len(rounds)} of {repeat} rounds ended well")
    failures += [f"not seen any more: {reason}" for reason, count in counts.items() if count == 0]
    if outcome.status is None:
        failures.append("did not end in time")
    elif outcome.status != wanted:
        failures.append(f"status {outcome.status}, expected {wanted}")
    return (0, failures) if failures else (1, [])


def judge_text(block, chosen, text):
    """Returns what is wrong with one round's output."""
    lines = text.split("\n")
    problems = []
    for pattern in (*ALWAYS_REJECTED, *block.lists["REJECT"]):
        pattern = _fill(pattern, chosen)
        problems += [f"rejected: {line}" for line in lines if re.search(pattern, line)][:3]
    names, at = dict(chosen), 0
    for written in block.lists["EXPECT"]:
        pattern = re.compile(_fill(written, names))
        while at < len(lines):
            match = pattern.search(lines[at])
            at += 1
            if match:
                names.update(match.groupdict())
                break
        else:
            problems.append(f"expected, not found: {pattern.pattern}")
            break
    return problems


def _fill(pattern, names):
    """Puts known names in for ${name}, as plain text."""

    def known(match):
        value = names.get(match[1])
        return match[0] if value is None else re.escape(value)

    return re.sub(r"\$\{([a-z_]+)\}", known, pattern)
