"""What the cipher of encrypted disks takes a byte."""

import boots

NAMES = ["aes_xts_instructions_per_byte", "aes_xts_portable_instructions_per_byte"]


def measure_cipher(figures):
    """The hypervisor's objects on this machine's CPU, by single-stepping; without AES instructions there, one figure."""
    status, text = boots.run(["build/tests/bench/cipher"])
    if status != 0:
        raise boots.BenchError(f"build/tests/bench/cipher ended with status {status}")
    figures.update((name, float(count)) for name, count in map(str.split, text.splitlines()) if name in NAMES)


STEPS = [("the cipher of encrypted disks", NAMES, measure_cipher, "both")]
