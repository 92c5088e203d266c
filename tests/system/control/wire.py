#!/usr/bin/env python3
"""Somebody at the wire of a machine: boots it, speaks there, and prints what comes back.

usage: wire.py live|read|hang|reset|packets|extcap COMMAND...   the command boots a guest (tests/guest/wire.c)
       wire.py silent SOCKET               nobody answers there
"""

import os
import re
import select
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../tools"))
sys.dont_write_bytecode = True

from host import monitor  # noqa: E402

RITECTL = "build/ritectl"
PATIENCE_S = int(os.environ.get("PATIENCE", 100))
DEAF_S = 3  # more than the second for which nobody has to have looked
LIVE = "on(:port_read, 0x80) { |io| io.value = %d }; at_exit { puts 'bye' }"


def say(*words):
    """A line in one piece: another thread prints what the machine says."""
    sys.stdout.write(" ".join(["wire:", *map(str, words)]) + "\n")
    sys.stdout.flush()


def ritectl(path, *words):
    """Returns its status and what it printed, on one line."""
    done = subprocess.run([RITECTL, "--wire", path, "--timeout", str(PATIENCE_S), *words],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)  # fmt: skip
    return done.returncode, " / ".join(done.stdout.split("\n")).strip(" /")


def last_script(text):
    """The script in a list that ritectl has printed."""
    return " ".join(word for word in text.split() if word.endswith(".rb"))


def by_hand(path, text, wanted):
    """What a human sees who types that, up to the first line that has a word in it."""
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(PATIENCE_S)
        line.connect(path)
        line.sendall(text)
        seen = b""
        while wanted not in seen or not seen.endswith(b"\n"):
            part = line.recv(4096)
            if not part:
                break
            seen += part
    lines = [one for one in seen.decode(errors="replace").splitlines() if wanted.decode() in one]
    return lines[-1] if lines else "nothing"


class Boot:
    """A machine with a wire."""

    def __init__(self, command, folder):
        self.path, self.monitor = folder + "/line", folder + "/qmp"
        ours = command.index("--") if "--" in command else len(command)
        words = [*command[:ours], "--control", self.path, "--", *command[ours + 1 :], *monitor.options(self.monitor)]
        self.program = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.waits = threading.Event()
        self.reader = threading.Thread(target=self._read)
        self.reader.start()
        self.waits.wait()

    def _read(self):
        for line in self.program.stdout:
            print(line, end="", flush=True)
            if "guest: waiting" in line:
                self.waits.set()
        self.waits.set()

    def end(self, stop=False):
        if stop:
            self.program.send_signal(signal.SIGINT)
        self.program.wait()
        self.reader.join()
        say("stopped" if stop else f"ended {self.program.returncode}")


def load(boot, folder, value, command="load"):
    with open(folder + "/live.rb", "w") as file:
        file.write(LIVE % value)
    return ritectl(boot.path, "-q", command, folder + "/live.rb")


def record(boot, folder):
    """A recording by the wire, of ports that the guest reads all the time, as long as nothing has come of the recording's own hook:
    live.rb's may have met one before that was there."""
    until = f"until grep -aqs ritectl {folder}/trace/cpu0; do sleep 0.1; done"
    status, text = ritectl(boot.path, "record", "-q", "-e", "port_read:0x80", "-o", folder + "/trace", "sh", "-c", until)
    read = subprocess.run(["babeltrace2", folder + "/trace"], capture_output=True, text=True)
    shown = [line for line in read.stdout.splitlines() if "port_read" in line and 'script = "ritectl"' in line]
    return status, text, "some" if shown and "port = 0x80" in shown[0] else "none", read.stderr.strip()


def live(boot, folder):
    status, text = ritectl(boot.path, "-V")
    say("version", status, text.split(" / ")[-1])
    say("run", *ritectl(boot.path, "-q", "-e", 'puts "two and two: #{2 + 2}"'))
    load(boot, folder, 0x21)
    say("help", by_hand(boot.path, b"help\r", b"version"))
    say("list by hand", by_hand(boot.path, b"list\r", b"live.rb"))
    say("behind a flood", by_hand(boot.path, b"x" * 500 + b"\r\nversion\r", b"Ritevisor"))
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(boot.path)
        line.sendall(b"\0\xff" + os.urandom(100) + b"\0\x05ab\0" + b"x" * 500)
    status, text = ritectl(boot.path, "list")
    say("behind garbage", status, last_script(text))
    say("losses", ritectl(boot.path, "stats")[1].split()[-1])
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(boot.path)
        line.sendall(b"log\r" * 20)
    status, text = ritectl(boot.path, "list")
    say("nobody reads", status, last_script(text))
    say("log by hand", by_hand(boot.path, b"log\r", b"live.rb"))
    say("nothing is stopped", ritectl(boot.path, "continue")[0])
    say("unload by hand", by_hand(boot.path, b"unload live.rb\r", b"unloaded"))
    load(boot, folder, 0x22)
    say("reload", load(boot, folder, 0x23, "reload")[0])
    say("record", *record(boot, folder))
    load(boot, folder, 0x77, "reload")  # and it ends
    boot.end()


def read(boot, folder):
    say("list", ritectl(boot.path, "list")[0])
    say("load", load(boot, folder, 0x77)[0])
    say("metrics", *ritectl(boot.path, "metrics", "counts.rb"))
    say("unload", *ritectl(boot.path, "unload", "counts.rb"))
    boot.end(stop=True)


def hang(boot, folder):
    asked = subprocess.Popen([RITECTL, "--wire", boot.path, "--timeout", str(PATIENCE_S), "-q", "load", "-n", "live.rb",
                              "-e", LIVE % 0x21])  # fmt: skip
    time.sleep(DEAF_S)
    with monitor.connect(boot.monitor) as stream:
        monitor.ask(stream, "inject-nmi")
    asked.wait()
    status, text = ritectl(boot.path, "list")
    say("list", status, last_script(text))
    say("continue", ritectl(boot.path, "continue")[0])
    boot.end()


def reset(boot, folder):
    told = "the log of the boot before is still there"
    status, before = ritectl(boot.path, "log", "-b")
    say("before", status, "starting the guest" in before, told in before)
    say("now", told in ritectl(boot.path, "log")[1])
    boot.end(stop=True)


def tab(boot, folder):
    """Somebody types into ritectl repl, who uses Tab."""
    ours, its = os.openpty()
    program = subprocess.Popen([RITECTL, "--wire", boot.path, "--timeout", str(PATIENCE_S), "repl"], stdin=its, stdout=its, stderr=its)

    def type_in(text, wanted):
        """What of `wanted` (a pattern) comes within a while."""
        os.write(ours, text.encode())
        seen, end = "", time.monotonic() + PATIENCE_S
        while time.monotonic() < end and not re.search(wanted, seen):
            if select.select([ours], [], [], 1)[0]:
                seen += os.read(ours, 4096).decode(errors="replace")
        return re.search(wanted, seen) is not None, "HIT" in seen

    say("prompt", *type_in("", "rite:001> $"))
    say("one", *type_in("on :disk_wr\t", "on :disk_write$"))
    say("some", *type_in("\x15on :disk_\t", r":disk_read :disk_write.*\n.*on :disk_$"))
    say("method", *type_in("\x15Cpuid.vend\t", r"Cpuid\.vendor$"))
    say("evaluated", *type_in("\r", r"=> \"AuthenticAMD\""))
    say("defined", *type_in("def hit_me; puts 'HIT'; 5; end; :told\r", "=> :told"))
    say("its name", *type_in("hit_\t", "hit_me$"))
    say("not called", *type_in(".even\t?", r"hit_me\.even\?$"))
    say("a variable", *type_in("\x15some_number = 5; :kept\r", "=> :kept"))
    say("behind it", *type_in("some_n\t.even\t", r"some_number\.even\?$"))
    os.write(ours, b"\x15\x04")
    say("over", program.wait())
    boot.end(stop=True)


def packets(boot, folder):
    """tshark ends when it has seen some pings, and ritectl then."""
    recorder = subprocess.Popen([RITECTL, "--wire", boot.path, "--timeout", str(PATIENCE_S), "record", "-f", "pcapng", "-o", "-"],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # fmt: skip
    shark = subprocess.Popen(["tshark", "-l", "-i", "-", "-Y", "icmp", "-T", "fields", "-e", "frame.comment", "-e", "icmp.type"],
                             stdin=recorder.stdout, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)  # fmt: skip
    recorder.stdout.close()
    seen = [tuple(shark.stdout.readline().strip().split("\t")) for _ in range(4)]
    runs = boot.program.poll() is None
    shark.send_signal(signal.SIGINT)
    say("tshark", shark.wait(), seen)
    say("the guest runs", runs)
    told = recorder.stderr.read()
    say("ritectl", recorder.wait(), told.split("ritectl: ")[-1].strip())
    boot.end()


def extcap(boot, folder):
    """A folder of Wireshark's with ritectl in it: cards and buses are in its list, and tshark has packets of the last card. Root's Wireshark
    takes no folder from the environment, so nobody's does it."""
    shutil.copy(RITECTL, folder + "/ritectl")
    os.chmod(folder, 0o755)
    os.chmod(boot.path, 0o666)
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "tshark"]
    environment = {**os.environ, "HOME": folder, "WIRESHARK_EXTCAP_DIR": folder, "RITEVISOR_WIRES": boot.path}
    listed = subprocess.run([*nobody, "-D"], env=environment, capture_output=True, text=True, timeout=PATIENCE_S)
    cards = [line.split(". ", 1)[1] for line in listed.stdout.splitlines() if "ritevisor-" in line]
    say("listed", cards)
    shark = subprocess.run([*nobody, "-l", "-i", [card for card in cards if "-nic" in card][-1].split()[0], "-c", "20", "-Y", "icmp", "-T", "fields", "-e", "icmp.type"],
                           env=environment, capture_output=True, text=True, timeout=2 * PATIENCE_S)  # fmt: skip
    say("captured", shark.returncode, sorted(set(shark.stdout.split())), "Error by extcap" in shark.stderr)
    say("no such card", subprocess.run([RITECTL, "--extcap-interface=ritevisor-other-nic0", "--capture", "--fifo=/dev/null"],
                                       env=environment, stderr=subprocess.DEVNULL).returncode)  # fmt: skip
    boot.end()


def silent(path):
    with socket.socket(socket.AF_UNIX) as line:
        line.bind(path)
        line.listen()
        done = subprocess.run([RITECTL, "--wire", path, "--timeout", "1", "list"], stderr=subprocess.PIPE, text=True)
        say("nobody answers", done.returncode, done.stderr.strip())
    os.unlink(path)
    say("nobody listens", *ritectl(path, "list"))
    done = subprocess.run([RITECTL, "--timeout", "soon", "list"], stderr=subprocess.PIPE, text=True)
    say("a bad time", done.returncode, done.stderr.strip())


def main(mode, *words):
    if mode == "silent":
        return silent(*words)
    with tempfile.TemporaryDirectory(prefix="wire-") as folder:
        command = shlex.split(words[0]) if len(words) == 1 else list(words)
        {"live": live, "read": read, "hang": hang, "reset": reset, "tab": tab, "packets": packets, "extcap": extcap}[mode](Boot(command, folder), folder)


if __name__ == "__main__":
    main(*sys.argv[1:])
