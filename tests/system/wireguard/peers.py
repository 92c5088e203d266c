"""The other ends of tunnels: wireguard-go, and a Linux of Debian's in an emulator, whose kernel has WireGuard."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent.parent
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "tests" / "bench")]

import linux_guest  # noqa: E402
from host import images  # noqa: E402
from host.paths import GUEST_INITRD  # noqa: E402

PATIENCE_S = 60


def key(*words, given=b""):
    """What `wg` prints, which has been given that."""
    return subprocess.run(["wg", *words], input=given, stdout=subprocess.PIPE, check=True).stdout.strip().decode()


def start_wireguard_go(device, log=subprocess.DEVNULL):
    """Starts one whose network device is that, and waits until it can be set up."""
    process = subprocess.Popen(["wireguard-go", "-f", device], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                               env={**os.environ, "WG_PROCESS_FOREGROUND": "1"})  # fmt: skip
    end = time.monotonic() + PATIENCE_S
    while not Path(f"/run/wireguard/{device}.sock").exists():
        assert time.monotonic() < end, "wireguard-go does not come"
        time.sleep(0.05)
    return process


def kernel_guest(work, files, commands):
    """Returns the options of qemu-system-x86_64 for a Linux with WireGuard that has these files, as {name: bytes} or paths,
    at its root, and runs these commands; they find the modules loaded and eth0."""
    root = work / "kernel-guest"
    (root / "modules").mkdir(parents=True)
    linux_guest.copy_modules(["virtio_pci", "virtio_net", "wireguard"], root / "modules")
    linux_guest.copy_programs([shutil.which("wg")], root)
    for name, content in files.items():
        (root / name).write_bytes(content if isinstance(content, bytes) else Path(content).read_bytes())
    initrd = work / "kernel-initrd"
    linux_guest.extend(initrd, GUEST_INITRD, root)
    shutil.rmtree(root)
    script = "for module in /modules/*; do insmod $module; done\nip link set lo up\n" + commands
    return ["-display", "none", "-serial", "stdio", "-no-reboot", "-kernel", images.guest_kernel(), "-initrd", initrd,
            "-append", images.guest_append("console=ttyS0 quiet", script)]  # fmt: skip
