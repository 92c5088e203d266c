"""What a tunnel costs under Linux: bulk TCP by a virtio network card, beside the same guest's own WireGuard, and without any.

usage: vpn.py WAY    runs the guest that way, in a network namespace of its own, and prints {load: instructions}; without it the
                     steps of tests/bench/run
"""

import json
import os
import shutil
import socketserver
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent.parent / "tools"), str(HERE.parent / "system" / "wireguard")]

import boots  # noqa: E402
import linux_guest  # noqa: E402
import peers  # noqa: E402
from host import images  # noqa: E402
from host.machine import GUEST_APPEND  # noqa: E402

KIB = 1024  # each way
UDP_PORT, SINK_PORT, SOURCE_PORT = 51002, 8001, 8002
LOADS = {"transmit": (16, f"head -c {KIB << 10} /dev/zero | nc %s {SINK_PORT}"),
         "receive": (18, f"nc %s {SOURCE_PORT} </dev/null >/dev/null")}  # fmt: skip
# How the guest's network is set up, and where the server is then.
WAYS = {
    "bare": ("ip address add 10.0.2.15/24 dev eth0", "10.0.2.2"),
    "wireguard": ("ip address add 10.0.2.15/24 dev eth0; ip link add wg0 type wireguard; wg setconf wg0 /bench/wg.conf; "
                  "ip address add 10.9.0.2/24 dev wg0; ip link set wg0 mtu 1420 up", "10.9.0.1"),
    "tunnel": ("ip link set eth0 mtu 1420; ip address add 10.9.0.2/24 dev eth0", "10.9.0.1"),
}  # fmt: skip


class Sink(socketserver.BaseRequestHandler):
    def handle(self):
        while self.request.recv(1 << 16):
            pass


class Source(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.sendall(bytes(KIB << 10))


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True


def start_outside(work):
    """Has a wireguard-go whose other end is asked for by work/wg.conf, and the servers. Returns what is to be ended."""
    ours, theirs = peers.key("genkey"), peers.key("genkey")
    peer = (f"[Peer]\nPublicKey = {peers.key('pubkey', given=theirs.encode())}\nAllowedIPs = 0.0.0.0/0\n"
            f"Endpoint = 10.0.2.2:{UDP_PORT}\n")  # fmt: skip
    (work / "wg.conf").write_text(f"[Interface]\nPrivateKey = {ours}\n{peer}")
    (work / "wg0.conf").write_text(f"[Interface]\nPrivateKey = {ours}\nAddress = 10.9.0.2/24\n{peer}")
    (work / "secret").write_text(theirs)
    process = peers.start_wireguard_go("theirs")
    for words in (f"wg set theirs private-key {work}/secret listen-port {UDP_PORT} "
                  f"peer {peers.key('pubkey', given=ours.encode())} allowed-ips 10.9.0.2/32",
                  "ip address add 10.9.0.1/24 dev theirs", "ip link set theirs mtu 1420 up"):  # fmt: skip
        subprocess.run(words.split(), check=True)
    for port, handler in ((SINK_PORT, Sink), (SOURCE_PORT, Source)):
        threading.Thread(target=Server(("0.0.0.0", port), handler).serve_forever, daemon=True).start()
    return process


def build_initrd(work):
    linux_guest.build_initrd(work / "initrd", HERE / "load.c", ["virtio_pci", "virtio_net", "wireguard"],
                             [("wg.conf", (work / "wg.conf").read_text())])  # fmt: skip
    root = work / "root"
    linux_guest.copy_programs([shutil.which("wg")], root)
    linux_guest.extend(work / "initrd", work / "initrd", root)


def run_guest(way, work):
    set_up, server = WAYS[way]
    lines = ["for module in /bench/*.ko; do insmod $module || exit 1; done", "ip link set eth0 up", set_up, "sleep 1"]
    lines += [command % server for _, command in LOADS.values()]
    for mark, command in LOADS.values():
        lines += [f"load mark {mark}", f"{command % server} && echo transferred", f"load mark {mark + 1}"]
    options = ["--file", f"{work}/wg0.conf", "--option", "vpn=wg0.conf"] if way == "tunnel" else ["--bare"]
    append = images.guest_append(GUEST_APPEND + " nokaslr", "\n".join(lines) + "\n")
    counters, text = boots.boot_counted(
        [*options, "--nic", "virtio-net-pci", "--kernel", str(images.guest_kernel()), "--initrd", f"{work}/initrd",
         "--append", append], boots.ICOUNT_REAL_IDLE)  # fmt: skip
    if text.count("transferred") != len(LOADS):
        raise boots.BenchError("the transfers failed:\n" + "\n".join(text.splitlines()[-20:]))
    return {name: counters[f"mark_{mark + 1}_instructions"] - counters[f"mark_{mark}_instructions"]
            for name, (mark, _) in LOADS.items()}  # fmt: skip


def measure_tunnel(figures):
    user = [] if os.getuid() == 0 else ["-r"]
    runs = {}
    for way in WAYS:
        status, text = boots.run(["unshare", *user, "-n", "-m", sys.executable, __file__, way])
        if status != 0:
            raise boots.BenchError(f"the way {way} failed:\n{text}")
        runs[way] = json.loads(text.splitlines()[-1])
    for name in LOADS:
        bare = runs["bare"][name]
        for way, figure in (("tunnel", "vpn"), ("wireguard", "linux_wireguard")):
            figures[f"{figure}_{name}_instructions_per_kib"] = round((runs[way][name] - bare) / KIB)


NAMES = [f"{figure}_{name}_instructions_per_kib" for name in LOADS for figure in ("vpn", "linux_wireguard")]
STEPS = [("a tunnel beside Linux's WireGuard", NAMES, measure_tunnel, "amd")]


def main(way):
    for words in ("mount -t tmpfs none /run", "ip link set lo up"):
        subprocess.run(words.split(), check=True)
    with tempfile.TemporaryDirectory(prefix="ritevisor-bench-") as folder:
        work = Path(folder)
        outside = start_outside(work)
        try:
            build_initrd(work)
            print(json.dumps(run_guest(way, work)))
        finally:
            outside.terminate()


if __name__ == "__main__":
    main(*sys.argv[1:])
