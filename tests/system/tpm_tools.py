#!/usr/bin/env python3
"""Debian's tpm2-tools and systemd-cryptenroll in a Linux guest, bare and under Ritevisor, beside a TPM that swtpm plays.

tpm_tools.py disk FILE [HEADER]           writes what the guest needs of them, as a cpio archive; of a header, what is sealed in it
tpm_tools.py compare tpm-tis|tpm-crb COMMAND...   boots a bare guest and one of ours; COMMAND: ./ritevisor boot ... --bare is added

Both have the same TPM, as it is when it leaves the factory. All that the programs say has to be the same (scripts/tpm_tools_guest.sh),
but values of PCRs, and what the event log has beside; which these are is printed.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "tests" / "bench")]

import linux_guest  # noqa: E402
from host import tpm  # noqa: E402

GUEST = HERE / "scripts" / "tpm_tools_guest.sh"
OURS_IN_LINUX = ROOT / "build" / "tests" / "system" / "tpm_guest"
TOOLS = "createak createek createpolicy createprimary create eventlog evictcontrol getcap getrandom load nvdefine nvread nvwrite"
TOOLS += " pcrextend pcrread pcrreset quote checkquote selftest shutdown startup unseal flushcontext"
PROGRAMS = [*(f"/usr/bin/tpm2_{tool}" for tool in TOOLS.split()), "/usr/bin/systemd-cryptenroll", "/lib/systemd/systemd-cryptsetup",
            "/sbin/cryptsetup"]  # fmt: skip
LIBRARIES = "/usr/lib/x86_64-linux-gnu"
# What they open by name: how the TPM is reached, what systemd has of it, and the token that cryptsetup asks.
OPENED = [f"{LIBRARIES}/libtss2-{name}" for name in ("tcti-device.so.0", "esys.so.0", "rc.so.0", "mu.so.0")]
TOKENS = "/lib/x86_64-linux-gnu/cryptsetup/libcryptsetup-token-systemd-tpm2.so"
DRIVERS = ["xts", "ecb", "aesni_intel", "algif_skcipher", "algif_hash", "dm_crypt", "loop"]
FILE_BYTES = 1 << 20
# In the built-in guest, to have them.
BEGIN = ("for m in virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_blk; do insmod /lib/$m.ko; done;"
         " cd /; cpio -idu </dev/vda 2>/dev/null; . /tools/guest.sh; ")  # fmt: skip
OWN_BYTES = 18 << 20  # of which LUKS2's header has 16 MiB
OWN_PASSPHRASE = b"secret"
# How a start by us differs: what firmware starts, of which disk, which Linux adds up in its own; and what we measure.
STARTED, OURS = {4, 5}, 12


def make_disk(output, header=None):
    with tempfile.TemporaryDirectory(dir=ROOT / "build" / "tests") as work:
        root = Path(work, "root")
        (root / "tools").mkdir(parents=True)
        linux_guest.copy_programs(PROGRAMS, root, [*OPENED, TOKENS])
        linux_guest.copy_modules(DRIVERS, root / "tools")
        shutil.copy(GUEST, root / "tools" / "guest.sh")
        shutil.copy(OURS_IN_LINUX, root / "tools" / "tpm_guest")
        if header:
            write_sealed(Path(header).read_bytes(), root / "tools")
        archive = linux_guest.archive(root)
        Path(output).write_bytes(archive + bytes(-len(archive) % 512))


def write_sealed(header, folder):
    """As tpm2_load takes them (service/tpm_sealed.h): both parts have their sizes before them."""
    text = re.search(re.escape(tpm.MARK.encode()) + rb"([0-9a-f]+)", header)[1]
    data = bytes.fromhex(text.decode())

    def sized(at):
        return at + 2 + int.from_bytes(data[at : at + 2], "big")

    at = sized(sized(2))
    at += 1 + data[at] * 33
    private_end, public_end = sized(at), sized(sized(at))
    (folder / "sealed.priv").write_bytes(data[at:private_end])
    (folder / "sealed.pub").write_bytes(data[private_end:public_end])


def make_own(path):
    with open(path, "wb") as file:
        file.truncate(OWN_BYTES)
    subprocess.run(
        ["cryptsetup", "luksFormat", "--batch-mode", "--type", "luks2", "--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000", path, "-"],
        input=OWN_PASSPHRASE, check=True,
    )  # fmt: skip


def boot(name, folder, place, kind, command, steps):
    """Returns what each program said, by its name. The TPM and the disk of `place` stay as they are behind it."""
    print(f"boot: {name}", flush=True)
    disks = []
    for number, disk in enumerate([folder / "tools.img", place / "own.img"]):
        disks += ["-drive", f"if=none,id=tool{number},file={disk},format=raw", "-device", f"virtio-blk-pci,drive=tool{number}"]
    words = [HERE / "with_tpm", place / "tpm", kind, *command, "--run", BEGIN + steps, "--", *disks]
    said = {}
    with subprocess.Popen([str(word) for word in words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as program:
        for line in program.stdout:
            text = line.decode(errors="replace").rstrip()
            if match := re.match(r"tpm ([a-z-]+): (.*)", text):
                said.setdefault(match[1], []).append(match[2])
            elif text.startswith(("guest: run", "ritevisor:", "not ok")):
                print(text, flush=True)
    return said


def pcrs_of(lines):
    """Of `tpm2_pcrread`, and of the end of `tpm2_eventlog`: (bank, number) to value."""
    found, bank = {}, None
    for line in lines:
        if match := re.match(r" +(sha\d+):$", line):
            bank = match[1]
        elif match := re.match(r" +(\d+) *: 0x([0-9a-fA-F]+)$", line):
            found[bank, int(match[1])] = match[2].lower()
    return found


def events_of(lines):
    """Of `tpm2_eventlog`: (PCR, all that it says of the event but its number)."""
    text = "\n".join(lines).split("\npcrs:")[0]
    events = [each.split("\n", 1)[1] for each in text.split("- EventNum:")[1:]]
    return [(int(re.search(r"PCRIndex: (\d+)", each)[1]), each) for each in events]


def compare_pcrs(bare, ours):
    for name, said in (("bare", bare), ("ours", ours)):
        values, logged = pcrs_of(said["pcrs"]), pcrs_of(said["eventlog"])
        wrong = sorted({number for (bank, number), value in logged.items() if values.get((bank, number)) != value})
        print(f"{name}: {len(logged)} PCRs are what the event log says, but", *wrong or ["none"])
    one, other = pcrs_of(bare["pcrs"]), pcrs_of(ours["pcrs"])
    print("banks and PCRs are", "the same" if one.keys() == other.keys() else "others")
    print("PCRs that differ:", *sorted({key[1] for key in one if one[key] != other.get(key)}))


def compare_events(bare, ours):
    one, other = events_of(bare["eventlog"]), events_of(ours["eventlog"])
    left_out = STARTED | {OURS}
    same = [each for each in one if each[0] not in left_out] == [each for each in other if each[0] not in left_out]
    print(f"{sum(each[0] not in left_out for each in one)} events are", "the same" if same else "others")
    for _, text in (each for each in other if each[0] == OURS):
        print("event of ours:", re.search(r"ritevisor[^\"\n\\]*|$", text)[0])
    print("bare, events of PCR 12:", sum(each[0] == OURS for each in one))


def compare_rest(bare, ours):
    for name in sorted(bare.keys() | ours.keys()):
        if name in ("eventlog", "pcrs"):
            continue
        if bare.get(name) == ours.get(name):
            print(f"same: {name}: {' | '.join(bare[name])[:500]}")
        else:
            print(f"other: {name}: bare: {bare.get(name)}, ours: {ours.get(name)}")


def compare(kind, command):
    with tempfile.TemporaryDirectory(dir=ROOT / "build" / "tests") as work:
        folder = Path(work)
        make_disk(folder / "tools.img")
        places = {name: folder / name for name in ("bare", "ours")}
        places["bare"].mkdir()
        make_own(places["bare"] / "own.img")
        # The TPM gets its seeds, which both have then.
        subprocess.run([HERE / "with_tpm", places["bare"] / "tpm", "tools", "tpm2_getrandom", "-Q", "8"], check=True)
        shutil.copytree(places["bare"], places["ours"])
        steps = "look; quote; own_seal; keep; kept; enroll /dev/vdb; open_by_tpm /dev/vdb"
        said = {name: boot(name, folder, places[name], kind, [*command, *(["--bare"] if name == "bare" else [])], steps)
                for name in places}  # fmt: skip
        compare_pcrs(**said)
        compare_events(**said)
        compare_rest(**said)
        for name, place in places.items():
            again = boot(f"{name} again", folder, place, kind, [*command, *(["--bare"] if name == "bare" else [])],
                         "kept; open_by_tpm /dev/vdb")  # fmt: skip
            for step, lines in again.items():
                is_same = said[name][step][-len(lines) :] == lines  # what was said last
                print(f"{'same' if is_same else 'other'} again: {name}: {step}: {' | '.join(lines)[:500]}")


def main(arguments):
    if arguments[:1] == ["disk"] and len(arguments) in (2, 3):
        make_disk(*arguments[1:])
    elif arguments[:1] == ["compare"] and len(arguments) > 2:
        compare(arguments[1], arguments[2:])
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
