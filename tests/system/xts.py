"""AES-XTS of sectors, by OpenSSL's AES of single blocks: for looking at a disk from outside."""

import subprocess

SECTOR_BYTES = 512


def ecb(key, data, decrypt=False):
    """AES of whole blocks, each for itself, by OpenSSL."""
    return subprocess.run(
        ["openssl", "enc", f"-aes-{8 * len(key)}-ecb", "-nopad", "-K", key.hex(), *(["-d"] if decrypt else [])],
        input=data, check=True, stdout=subprocess.PIPE,
    ).stdout  # fmt: skip


def exclusive_or(one, other):
    return (int.from_bytes(one, "little") ^ int.from_bytes(other, "little")).to_bytes(len(one), "little")


def encrypt(key, data, first=0):
    return decrypt(key, data, first, inverse=False)


def decrypt(key, data, first=0, inverse=True):
    """aes-xts-plain64 of sectors from `first` on (IEEE 1619, 5.4)."""
    half = len(key) // 2
    sectors = range(first, first + len(data) // SECTOR_BYTES)
    initial = ecb(key[half:], b"".join(sector.to_bytes(16, "little") for sector in sectors))
    tweaks = bytearray()
    for at in range(0, len(initial), 16):
        tweak = int.from_bytes(initial[at : at + 16], "little")
        for _ in range(SECTOR_BYTES // 16):
            tweaks += tweak.to_bytes(16, "little")
            tweak = (tweak << 1) ^ (0x87 | 1 << 128 if tweak >> 127 else 0)
    return exclusive_or(ecb(key[:half], exclusive_or(data, tweaks), decrypt=inverse), tweaks)
