"""The root file system of the Debian disk in another form, as scripts/rewritten.rb keeps it: each byte exclusive-ored."""

import encrypted
from host import images
from host.errors import UserError

KEY = 0x5A  # the script's
OTHER = bytes(byte ^ KEY for byte in range(256))


def convert(disk):
    """Puts the root file system into the other form, or back."""
    first, length = encrypted.range_of(disk)
    with open(disk, "r+b") as file:
        for at in range(first, first + length, images.MIB):
            file.seek(at)
            data = file.read(images.MIB)
            file.seek(at)
            file.write(data.translate(OTHER))


def script(text, disk):
    """Returns the script for where this disk's root file system is."""
    first, length = (number // encrypted.SECTOR_BYTES for number in encrypted.range_of(disk))
    made = text.replace("ROOT = 0..0", f"ROOT = {first}..{first + length - 1}")
    if made == text:
        raise UserError("the script has no ROOT to be filled in")
    return made
