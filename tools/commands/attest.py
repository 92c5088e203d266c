"""./ritevisor attest: what a TPM's PCR is when a medium or folder of Ritevisor's has started."""

import struct
import tempfile
from pathlib import Path

from commands import options
from host import tpm
from host.errors import UserError, run_tool

EXAMPLES = """\
examples:
  ./ritevisor image --script scripts/hello.rb --output ritevisor.iso
  ./ritevisor attest ritevisor.iso
  ./ritevisor attest --bios ritevisor.iso
  ./ritevisor attest --bios /boot/grub/grub.cfg --root /boot     /boot being a partition of its own
  ./ritevisor attest /boot/efi/EFI/ritevisor --event-log /sys/kernel/security/tpm0/binary_bios_measurements

The last says which of the files that started are not those of the folder. A log proves nothing by itself; a quote does,
which tpm2_quote makes on the machine, of PCR 12 at least, and tpm2_checkquote checks on another: docs/encryption.md.
"""

SECTOR_BYTES = 512
ISO_MARK_AT = 0x8001  # ECMA-119, 8.1.2
ESP_TYPES = (0xEF,)  # of an MBR's partition
ESP_GUID = bytes.fromhex("28732ac11ff8d211ba4b00a0c93ec93b")


def add(commands):
    parser = options.add_command(commands, "attest", perform, "what a TPM says of a start with these files", EXAMPLES)
    parser.add_argument("source", metavar="SOURCE",
                        help="a medium of `ritevisor image`, an image of an EFI system partition, or Ritevisor's folder there")  # fmt: skip
    parser.add_argument("--bios", action="store_true",
                        help="of a start by BIOS: SOURCE is a medium, or a grub.cfg, whose first multiboot2 counts")  # fmt: skip
    parser.add_argument("--root", metavar="DIR", default="/", help="--bios: what paths in a grub.cfg begin at (default %(default)s)")
    parser.add_argument("--event-log", metavar="FILE", help="compare with what was measured at a start")


def perform(arguments):
    with tempfile.TemporaryDirectory(prefix="ritevisor-") as work:
        if arguments.bios:
            events = tpm.expected_bios_events(*find_config(Path(arguments.source), Path(work), Path(arguments.root)))
        else:
            events = tpm.expected_events(find_folder(Path(arguments.source), Path(work)))
        if arguments.event_log:
            return compare(events, arguments.event_log)
        for text, digest in events:
            print(f"{digest.hex()}  {text}")
    value = tpm.expected_pcr(events)
    print(f"PCR {tpm.PCR}, by which keys are unsealed: {value.hex()}")
    print(f"PCR {tpm.PCR}, behind Ritevisor: {tpm.capped(value).hex()}")
    return 0


def partition_offset(image):
    """Where the EFI system partition is in a disk's image; 0: it is one itself."""
    with open(image, "rb") as file:
        first = file.read(2 * SECTOR_BYTES)
        if first[54:57] == b"FAT" or first[82:87] == b"FAT32" or first[510:512] != b"\x55\xaa":
            return 0
        if first[512:520] == b"EFI PART":
            at, count, size = struct.unpack_from("<QII", first, SECTOR_BYTES + 72)
            file.seek(at * SECTOR_BYTES)
            for entry in (file.read(size) for _ in range(min(count, 128))):
                if entry[:16] == ESP_GUID:
                    return struct.unpack_from("<Q", entry, 32)[0] * SECTOR_BYTES
    for number in range(4):
        kind, start = struct.unpack_from("<4xB3xI", first, 446 + 16 * number)
        if kind in ESP_TYPES:
            return start * SECTOR_BYTES
    raise UserError(f"{image} has no EFI system partition")


def find_config(source, work, root):
    """What paths begin at, and the grub.cfg."""
    if not source.is_file():
        raise UserError(f"{source}: no such file")
    if source.suffix == ".cfg":
        return root, source
    with open(source, "rb") as file:
        file.seek(ISO_MARK_AT)
        if file.read(5) != b"CD001":
            raise UserError(f"{source} is neither a medium of `ritevisor image` nor a grub.cfg")
    run_tool(["xorriso", "-osirrox", "on", "-indev", str(source), "-extract", "/boot", str(work / "boot")])
    config = work / "boot/grub/grub.cfg"
    if not config.is_file():
        raise UserError(f"{source} has no /boot/grub/grub.cfg: it is no medium of `ritevisor image`")
    return work, config


def find_folder(source, work):
    if not source.exists():
        raise UserError(f"{source}: no such file or folder")
    if source.is_dir():
        root = source
    else:
        root = work
        run_tool(["mcopy", "-i", f"{source}@@{partition_offset(source)}", "-s", "-Q", "-n", "::/", str(root)])
    found = sorted(root.rglob("ritevisor.conf"))
    if len(found) != 1:
        raise UserError(f"{source} has {'no' if not found else 'more than one'} ritevisor.conf")
    return found[0].parent


def compare(events, path):
    try:
        with open(path, "rb") as file:
            log = file.read()
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}") from None
    measured = []
    for pcr, _, digest, event in tpm.read_log(log):
        text = event.rstrip(b"\0").decode("latin-1")
        if pcr == tpm.PCR and text == tpm.CAP:
            break
        if pcr == tpm.PCR:
            measured.append((text, digest))
    if measured == events:
        print(f"what was measured is what is there: {len(events)} events")
        return 0
    wanted = dict(events)
    for text, digest in measured:
        if wanted.get(text) != digest:
            print(f"{text}: {'another' if text in wanted else 'not expected'}")
    for text in wanted.keys() - dict(measured).keys():
        print(f"{text}: not measured")
    if dict(measured) == wanted:
        print("the order is another")
    return 1
