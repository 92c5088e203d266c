"""What WireGuard takes in the network service."""

import re
import tempfile
from pathlib import Path

import boots

PROGRAM = "build/tests/bench/wireguard"
PACKET_BYTES = 1420  # the program's
HANDSHAKES = ("initiator", "responder")
PACKETS = ("send", "receive")
NAMES = [*(f"wireguard_{part}_instructions" for part in HANDSHAKES), *(f"wireguard_{part}_instructions_per_kib" for part in PACKETS)]


def count(part):
    """By callgrind, of the service's objects on this machine."""
    with tempfile.TemporaryDirectory(prefix="ritevisor-bench-") as folder:
        out = Path(folder, "out")
        status, text = boots.run(["valgrind", "-q", "--tool=callgrind", f"--callgrind-out-file={out}", "--toggle-collect=counted",
                                  PROGRAM, part])  # fmt: skip
        if status != 0:
            raise boots.BenchError(f"{PROGRAM} {part} ended with status {status}:\n{text}")
        return int(re.search(r"^totals: (\d+)$", out.read_text(), re.M)[1])


def measure_wireguard(figures):
    figures.update({f"wireguard_{part}_instructions": count(part) for part in HANDSHAKES})
    figures.update({f"wireguard_{part}_instructions_per_kib": round(count(part) * 1024 / PACKET_BYTES) for part in PACKETS})


STEPS = [("WireGuard", NAMES, measure_wireguard, "both")]
