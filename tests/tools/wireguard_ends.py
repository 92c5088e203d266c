#!/usr/bin/env python3
"""Both ends of a tunnel, in a namespace of their own (wireguard.py makes it): ours is WireGuard of service/ as a program,
theirs is wireguard-go, or Debian's kernel.

usage: wireguard_ends.py CASE FOLDER    prints "done", or says what is wrong
"""

import base64
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

from harness import ROOT, expect, run  # noqa: E402

CACHE = Path(os.environ.get("RITEVISOR_CACHE") or Path.home() / ".cache/ritevisor")
TUNNEL = ROOT / "build/tests/wireguard_tunnel"
OURS, THEIRS, OTHER = 51001, 51002, 51003  # UDP ports
BYTES = 3_000_000
PATIENCE_S = 60
LOAD, HANDSHAKE, INNER = 2, 3, (7, 8)  # enum wireguard_drop; INNER: what Linux asks of multicast addresses

# In a namespace: answers with what it is sent, or sends so many bytes and compares what comes back.
ECHO = """import socket, threading
listener = socket.create_server(("::", 7), family=socket.AF_INET6, dualstack_ipv6=True)
print("listening", flush=True)
def serve(end):
    while data := end.recv(65536):
        end.sendall(data)
    end.shutdown(socket.SHUT_WR)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
"""
COMPARE = """import hashlib, os, socket, sys, threading
end = socket.create_connection((sys.argv[1], 7), timeout=50)
data = os.urandom(int(sys.argv[2]))
def send():
    end.sendall(data)
    end.shutdown(socket.SHUT_WR)
threading.Thread(target=send, daemon=True).start()
back = hashlib.sha256()
while piece := end.recv(65536):
    back.update(piece)
print("same" if back.digest() == hashlib.sha256(data).digest() else "other")
"""
# In the emulator's guest: what is sent comes back.
GUEST = """for name in $(cat /modules); do insmod /$name.ko || echo "vpn: no $name"; done
ip link set lo up
ip link set eth0 up
ip address add 10.0.2.15/24 dev eth0
ip link add wg0 type wireguard
wg setconf wg0 /wg0.conf
ip address add 10.9.0.1/24 dev wg0
echo 0 >/proc/sys/net/ipv6/conf/wg0/accept_dad
ip -6 address add fd00:9::1/64 dev wg0
ip link set wg0 mtu 1420 up
nc -ll -p 7 -e cat &
dd if=/dev/urandom of=/data bs=100k count=10 2>/dev/null
both() {
	there=$(sha256sum </data)
	back=$(nc "$1" 7 </data | sha256sum)
	if [ "$there" = "$back" ]; then echo "vpn: same"; else echo "vpn: $back"; fi
}
both 10.9.0.2
both fd00:9::2
echo "vpn: rekey"
while [ "$(wg show wg0 latest-handshakes | cut -f 2)" = "${first:=$(wg show wg0 latest-handshakes | cut -f 2)}" ]; do sleep 1; done
both 10.9.0.2
sleep 5
"""
# In the order in which they need each other.
MODULES = ["virtio_ring", "virtio", "virtio_pci_modern_dev", "virtio_pci_legacy_dev", "virtio_pci", "failover", "net_failover", "virtio_net", "udp_tunnel", "ip6_udp_tunnel", "libchacha", "chacha-x86_64",
           "poly1305-x86_64", "libchacha20poly1305", "libcurve25519-generic", "curve25519-x86_64", "libcurve25519",
           "wireguard"]  # fmt: skip


def key(*words, given=b""):
    return subprocess.run(["wg", *words], input=given, stdout=subprocess.PIPE, check=True).stdout.strip()


class Ends:
    """Both ends, each in a namespace: ours by its program, theirs by wireguard-go, or, where there is no address
    outside, by somebody else."""

    def __init__(self, work, outside, preshared):
        self.work, self.processes = work, []
        self.keys(outside, preshared)
        self.command("ip", "link", "set", "lo", "up")
        if outside:
            self.start_theirs(preshared)
        self.tunnel = self.start(TUNNEL, work / "wg0.conf", "ours", stdin=subprocess.PIPE)
        self.expect("ready")
        self.inside = ["nsenter", "-t", self.tunnel.pid, "-n"]
        self.command(*self.inside, "ip", "link", "set", "lo", "up")
        self.set_up(self.inside, "ours", "2")
        for inside in ([], self.inside):
            echo = self.start(*inside, sys.executable, "-c", ECHO)
            assert echo.stdout.readline() == b"listening\n"

    def keys(self, outside, preshared):
        work = self.work
        secret = [key("genkey") for _ in range(2)]
        public = [key("pubkey", given=one).decode() for one in secret]
        self.secret, self.public = secret[1].decode(), public[0]
        (work / "secret").write_bytes(secret[1])
        preshared_line = ""
        if preshared:
            (work / "preshared").write_bytes(key("genpsk"))
            preshared_line = f"PresharedKey = {(work / 'preshared').read_text()}\n"
        (work / "wg0.conf").write_text(
            f"[Interface]\nPrivateKey = {secret[0].decode()}\nListenPort = {OURS}\nAddress = 10.9.0.2/24, fd00:9::2/64\n"
            f"[Peer]\nPublicKey = {public[1]}\n{preshared_line}AllowedIPs = 10.9.0.0/24, fd00:9::/64\n"
            + (f"Endpoint = {outside}:{THEIRS}\n" if outside else ""))  # fmt: skip

    def start_theirs(self, preshared):
        self.start("wireguard-go", "-f", "theirs")
        self.wait_for(lambda: Path("/run/wireguard/theirs.sock").exists(), "wireguard-go")
        more = ["preshared-key", self.work / "preshared"] if preshared else []
        self.command("wg", "set", "theirs", "private-key", self.work / "secret", "listen-port", THEIRS, "peer", self.public,
                     *more, "allowed-ips", "10.9.0.2/32,fd00:9::2/128")  # fmt: skip
        self.set_up([], "theirs", "1")

    def set_up(self, inside, device, number):
        self.command(*inside, "ip", "address", "add", f"10.9.0.{number}/24", "dev", device)
        self.command(*inside, "ip", "address", "add", f"fd00:9::{number}/64", "dev", device, "nodad")
        self.command(*inside, "ip", "link", "set", device, "mtu", "1420", "up")

    def start(self, *words, stdin=subprocess.DEVNULL):
        env = {**os.environ, "WG_PROCESS_FOREGROUND": "1", "WG_I_PREFER_BUGGY_USERSPACE_TO_POLISHED_KMOD": "1"}
        log = open(self.work / "log", "ab")
        process = subprocess.Popen([str(word) for word in words], stdin=stdin, stdout=subprocess.PIPE, stderr=log, env=env)
        self.processes.append(process)
        return process

    def command(self, *words):
        expect(run(*words), 0)

    @staticmethod
    def wait_for(condition, what):
        end = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < end, f"{what} does not come"
            time.sleep(0.05)

    def expect(self, wanted):
        """Reads what our end says up to such a line."""
        for line in self.tunnel.stdout:
            if line.decode().startswith(wanted):
                return line.decode()
        raise AssertionError(f"no {wanted!r}; {(self.work / 'log').read_text()[-2000:]}")

    def tell(self, line):
        self.tunnel.stdin.write(line.encode() + b"\n")
        self.tunnel.stdin.flush()

    def exchange(self, inside, address, nr_bytes):
        done = run(*inside, sys.executable, "-c", COMPARE, address, nr_bytes)
        expect(done, 0, "same\n")

    def end(self):
        self.tunnel.stdin.close()
        for process in reversed(self.processes):
            if process is not self.tunnel:
                process.terminate()
            process.wait(20)
        assert self.tunnel.returncode == 0, (self.work / "log").read_text()[-2000:]


def ours_asks(work):
    """We ask for the first keys, and for others when told to; then we are at another port."""
    ends = Ends(work, "127.0.0.1", preshared=False)
    ends.exchange(ends.inside, "10.9.0.1", 100)
    ends.expect("peer 0 up")
    ends.exchange(ends.inside, "10.9.0.1", BYTES)
    ends.exchange([], "10.9.0.2", BYTES)
    ends.exchange([], "fd00:9::2", 100_000)
    time.sleep(5)  # there is no asking within 5 s
    ends.tell("rekey")
    ends.expect("peer 0 rekeyed")
    ends.exchange([], "10.9.0.2", 100_000)
    ends.tell(f"port {OTHER}")
    ends.exchange(ends.inside, "fd00:9::1", 100_000)
    ends.exchange([], "10.9.0.2", 100_000)
    assert f":{OTHER}" in run("wg", "show", "theirs", "endpoints").text
    ends.tell("status")
    assert " handshakes 2 " in ends.expect("status: peer 0")
    dropped = ends.expect("status: dropped").split()[2:]
    assert all(count == "0" for at, count in enumerate(dropped) if at not in INNER), dropped
    ends.end()


def theirs_asks(work):
    """They ask while we are under load, so that they need a cookie first; IPv6 outside, and a preshared key."""
    ends = Ends(work, "[::1]", preshared=True)
    ends.command("wg", "set", "theirs", "peer", ends.public, "endpoint", f"[::1]:{OURS}")
    asking = ends.start(sys.executable, "-c", COMPARE, "fd00:9::2", BYTES)
    while not run("wg", "show", "theirs", "latest-handshakes").text.split()[-1] > "0":
        ends.tell("flood 60")
        time.sleep(0.2)
    assert asking.communicate(timeout=PATIENCE_S)[0] == b"same\n"
    ends.exchange(ends.inside, "10.9.0.1", BYTES)
    ends.tell("status")
    dropped = ends.expect("status: dropped").split()[2:]
    assert int(dropped[LOAD]) > int(dropped[HANDSHAKE]) >= 32, dropped
    ends.end()


def keys_change(work):
    """Traffic for so long, with none lost when keys change, which they do by themselves every two minutes."""
    seconds = int(os.environ.get("WIREGUARD_SECONDS") or 3600)
    ends = Ends(work, "127.0.0.1", preshared=True)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        ends.exchange(ends.inside, "10.9.0.1", 20_000)
        ends.exchange([], "fd00:9::2", 20_000)
        time.sleep(4)
    ends.tell("status")
    handshakes = int(ends.expect("status: peer 0").split()[4])
    dropped = ends.expect("status: dropped").split()[2:]
    assert seconds // 130 <= handshakes <= seconds // 115 + 1, handshakes
    assert all(count == "0" for at, count in enumerate(dropped) if at not in INNER), dropped
    ends.end()


def cpio(folder, target):
    """Packs a folder as the kernel unpacks it."""
    with open(target, "wb") as file:
        names = subprocess.run(["find", "."], cwd=folder, stdout=subprocess.PIPE, check=True).stdout
        subprocess.run(["busybox", "cpio", "-o", "-H", "newc"], cwd=folder, input=names, stdout=file, stderr=subprocess.DEVNULL,
                       check=True)  # fmt: skip


def make_guest(ends, kernel):
    """An initramfs with wg, WireGuard's modules, and what the guest is to do."""
    folder = ends.work / "guest"
    folder.mkdir()
    for name in MODULES:
        (module,) = kernel.glob(f"lib/modules/*/kernel/**/{name}.ko")
        shutil.copy(module, folder)
    for path in ["/usr/bin/wg", *re.findall(r"/lib\S+", run("ldd", "/usr/bin/wg").text)]:
        (folder / path[1:]).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, folder / path[1:])
    (folder / "wg0.conf").write_text(
        f"[Interface]\nPrivateKey = {ends.secret}\n[Peer]\nPublicKey = {ends.public}\n"
        f"PresharedKey = {(ends.work / 'preshared').read_text()}\n"
        f"AllowedIPs = 10.9.0.2/32, fd00:9::2/128\nEndpoint = 10.0.2.2:{OURS}\n")  # fmt: skip
    (folder / "vpn.sh").write_text(GUEST)
    (folder / "modules").write_text(" ".join(MODULES))
    cpio(folder, ends.work / "more.cpio")
    initrd = ends.work / "initrd"
    built = (ROOT / "build/guest-initrd.gz").read_bytes()
    initrd.write_bytes(built + bytes(-len(built) % 4) + (ends.work / "more.cpio").read_bytes())
    return initrd


def kernel_asks(work):
    """Debian's kernel in an emulator: it asks for the first keys, we for others."""
    ends = Ends(work, None, preshared=True)
    kernel = CACHE / "kernel/current"
    (image,) = kernel.glob("boot/vmlinuz-*")
    commands = base64.b64encode(b"sh /vpn.sh").decode()
    guest = ends.start("qemu-system-x86_64", "-accel", "tcg", "-m", "256", "-display", "none", "-serial", "stdio", "-no-reboot",
                       "-nic", "user,model=virtio-net-pci", "-kernel", image, "-initrd", make_guest(ends, kernel),
                       "-append", f"console=ttyS0 quiet run={commands}")  # fmt: skip
    said = b""
    while b"vpn: rekey" not in said:
        line = guest.stdout.readline()
        assert line, said.decode(errors="replace")[-2000:]
        said += line
    time.sleep(5)  # there is no asking within 5 s
    ends.tell("rekey")
    ends.expect("peer 0 rekeyed")
    ends.exchange(ends.inside, "10.9.0.1", 100_000)
    said += guest.communicate(timeout=PATIENCE_S)[0]
    assert said.count(b"vpn: same") == 3, said.decode(errors="replace")[-2000:]
    ends.tell("status")
    dropped = ends.expect("status: dropped").split()[2:]
    assert all(count == "0" for at, count in enumerate(dropped) if at not in INNER), dropped
    ends.end()


def main(case, folder):
    run("mount", "-t", "tmpfs", "none", "/run")
    {"ours_asks": ours_asks, "theirs_asks": theirs_asks, "kernel_asks": kernel_asks, "keys_change": keys_change}[case](Path(folder))
    print("done")


def speak(case, work, timeout_s=200):
    """For tests: a case in a namespace for datagrams; the folder of wireguard-go's socket is private there too."""
    user = [] if os.getuid() == 0 else ["-r"]
    done = run("unshare", *user, "-n", "-m", sys.executable, __file__, case, work, timeout_s=timeout_s)
    expect(done, 0, "done\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
