#!/usr/bin/env python3
"""Scripts with signatures of all kinds, at boot and by the wire, which asks for a key.

usage: signed.py COMMAND...   the command boots a guest (tests/guest/wire.c)
"""

import os
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import zlib

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True

import wire  # noqa: E402
from wire import LIVE, PATIENCE_S, say  # noqa: E402

CHALLENGE, OPEN = 16, 2  # control/control_abi.h


def quietly(*words):
    subprocess.run(words, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def make_key(folder, name):
    """Returns the public key as text."""
    quietly("minisign", "-G", "-W", "-f", "-p", f"{folder}/{name}.pub", "-s", f"{folder}/{name}.key")
    with open(f"{folder}/{name}.pub") as file:
        return file.read().splitlines()[1]


def write(folder, name, text):
    with open(f"{folder}/{name}", "w") as file:
        file.write(text)
    return f"{folder}/{name}"


def sign(folder, name, *options, key="mine", comment=None):
    comment = f"script={name} serial=20" if comment is None else comment
    quietly("minisign", "-S", "-W", "-s", f"{folder}/{key}.key", "-t", comment, "-m", f"{folder}/{name}", *options)


def change(path, before, after):
    with open(path) as file:
        text = file.read()
    assert before in text
    with open(path, "w") as file:
        file.write(text.replace(before, after))


def boot_scripts(folder):
    """Makes one of each sort; returns their paths."""
    names = ["prehashed", "legacy", "unsigned", "other_key", "changed", "comment", "old", "expired", "cut", "renamed"]
    for name in names:
        write(folder, f"{name}.rb", f"puts 'RAN {name}'\n")
    sign(folder, "prehashed.rb", "-H")
    sign(folder, "legacy.rb", "-l")
    sign(folder, "other_key.rb", key="other")
    sign(folder, "changed.rb")
    change(f"{folder}/changed.rb", "RAN", "RAN,")
    sign(folder, "comment.rb", comment="script=comment.rb serial=3")
    change(f"{folder}/comment.rb.minisig", "serial=3", "serial=30")
    sign(folder, "old.rb", comment="script=old.rb serial=9")
    sign(folder, "expired.rb", comment="script=expired.rb serial=20 not-after=2020-02-29")
    sign(folder, "cut.rb")
    os.truncate(f"{folder}/cut.rb.minisig", os.path.getsize(f"{folder}/cut.rb.minisig") // 2)
    sign(folder, "renamed.rb", comment="script=other.rb serial=20")
    return [f"{folder}/{name}.rb" for name in names]


# The wire, frame by frame (control/wire_frame.h) ------------------------------------------------


def unstuff(block):
    """COBS, taken apart."""
    text, at = b"", 0
    while at < len(block):
        code = block[at]
        text += block[at + 1 : at + code]
        at += code
        if code != 255 and at < len(block):
            text += b"\0"
    return text


def stuff(text):
    return b"\0" + b"".join(
        bytes([len(part) + 1]) + part for part in text.split(b"\0")
    ) + b"\0"  # no part of a question that has 254 bytes comes here


def payloads(stream):
    return [unstuff(block)[:-4] for block in stream.split(b"\0") if block]


def ask(line, payload):
    """Sends a question of that payload under a new number; returns (result, data)."""
    ask.number += 1
    payload = struct.pack("<Q", ask.number) + payload[8:]
    line.sendall(stuff(payload + struct.pack("<I", zlib.crc32(payload))))
    seen = b""
    while True:
        seen += line.recv(4096)
        for answer in payloads(seen):
            if len(answer) >= 80 and struct.unpack_from("<Q", answer)[0] == ask.number and seen.endswith(b"\0"):
                return struct.unpack_from("<q", answer, 8)[0], answer[80:]


ask.number = 1 << 40


def command_of(payload):
    return struct.unpack_from("<I", payload, 20)[0]


class Eavesdropper:
    """Between ritectl and the wire; keeps what ritectl says."""

    def __init__(self, path, to):
        self.said = b""
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen()
        self.thread = threading.Thread(target=self._serve, args=(to,))
        self.thread.start()

    def _serve(self, to):
        caller, _ = self.listener.accept()
        with caller, socket.socket(socket.AF_UNIX) as line:
            line.connect(to)
            back = threading.Thread(target=self._copy, args=(line, caller))
            back.start()
            while part := caller.recv(4096):
                self.said += part
                line.sendall(part)
            line.shutdown(socket.SHUT_RDWR)
            back.join()

    @staticmethod
    def _copy(line, caller):
        try:
            while part := line.recv(4096):
                caller.sendall(part)
        except OSError:
            pass


def replay(boot, folder, key):
    """What somebody can do who has heard all of a session."""
    ear = Eavesdropper(folder + "/ear", boot.path)
    say("overheard", wire.ritectl(folder + "/ear", "--key", key, "list")[0])
    ear.thread.join()
    asked = payloads(ear.said)
    opened = [one for one in asked if command_of(one) == OPEN][0]
    challenge = [one for one in asked if command_of(one) == CHALLENGE][0]
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(PATIENCE_S)
        line.connect(boot.path)
        say("replayed", ask(line, opened)[0])
        result, nonce = ask(line, challenge)
        say("nonce", result, len(nonce), nonce != ask(line, challenge)[1])
        while (result := ask(line, opened)[0]) == -11:
            pass
        say("for another nonce", result)
        say("again", ask(line, opened)[0])


# What is loaded later -----------------------------------------------------------------------------


def live(boot, folder):
    key = ("--key", folder + "/mine.key")

    def load(name, *words, command="load"):
        return wire.ritectl(boot.path, *key, "-q", command, *words, f"{folder}/{name}")

    say("no key", *wire.ritectl(boot.path, "list"))
    say("another key", *wire.ritectl(boot.path, "--key", folder + "/other.key", "list"))
    say("by hand", wire.by_hand(boot.path, b"unload live.rb\r", b"key"))
    say("version by hand", wire.by_hand(boot.path, b"version\r", b"Ritevisor"))
    say("the key", wire.ritectl(boot.path, *key, "list")[0])
    replay(boot, folder, folder + "/mine.key")
    write(folder, "live.rb", LIVE % 0x21)
    say("unsigned", *load("live.rb"))
    sign(folder, "live.rb", comment="script=live.rb serial=21")
    say("under another name", *load("live.rb", "-n", "else.rb"))
    say("signed", *load("live.rb"))
    write(folder, "live.rb", LIVE % 0x77)
    say("changed", *load("live.rb", command="reload"))
    sign(folder, "live.rb", comment="script=live.rb serial=20")
    say("older", *load("live.rb", command="reload"))
    say("a line", *wire.ritectl(boot.path, *key, "-q", "-e", "puts 1"))
    say("a dry one", *wire.ritectl(boot.path, *key, "-q", "--dry-run", "-e", "puts 1"))
    say("still there", wire.last_script(wire.ritectl(boot.path, *key, "list")[1]))
    sign(folder, "live.rb", "-l", comment="script=live.rb serial=22")
    load("live.rb", command="reload")  # it is in force, and the guest ends
    boot.end()


def main(*command):
    with tempfile.TemporaryDirectory(prefix="signed-") as folder:
        mine = make_key(folder, "mine")
        make_key(folder, "other")
        options = [f"trusted_key={mine}", f"control_key={mine}", "auth=key", "lowest_serial=10"]
        words = [word for option in options for word in ("--option", option)]
        words += [word for path in boot_scripts(folder) for word in ("--script", path)]
        live(wire.Boot([*command, *words], folder), folder)


if __name__ == "__main__":
    main(*sys.argv[1:])
