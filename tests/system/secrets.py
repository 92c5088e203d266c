#!/usr/bin/env python3
"""What is left of a disk's key, in the CPU's registers and in memory, when a machine has stopped.

usage: secrets.py fault|stop|check COMMAND...   the command boots Ritevisor with panic_by=7, 8 or 9 (boot/panic_test.c)
       secrets.py end COMMAND...          with test_key, and a guest that resets the machine or powers it off
       secrets.py button COMMAND...       the same, but somebody presses the reset button first
       secrets.py disk|typed FOLDER end|button COMMAND...   the same of a real disk's key, and of its passphrase, in all memory of
                                          the machine; the command has no test_key. FOLDER is what `encrypted make` has made;
                                          `disk`: encrypted by a key file, `typed`: somebody types the passphrase
"""

import os
import re
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../tools"))
sys.dont_write_bytecode = True

from host import monitor  # noqa: E402

PATIENCE_S = 60
KEY = bytes((i * 73 + 41) & 255 for i in range(64))
SAID = {"fault": "the machine is stopped", "stop": "an NMI stops this CPU", "check": "a machine check stops this CPU",
        "end": "disks are encrypted", "button": "disks are encrypted"}
# What resets the machine or powers it off ends with memory as it is.
KEEP = ["-action", "reboot=shutdown,shutdown=pause"]
# CPU 0, bank 1: valid, uncorrected, enabled, context corrupt; and that one is in progress.
MACHINE_CHECK = "mce 0 1 0xb200000000000000 0x4 0 0"
LEAST_BYTES = 1 << 20
PASSPHRASE = b"correct horse battery staple"  # tests/system/encrypted
PROMPT = b"shows it): "
PAGE_BYTES = 4096


def say(*words):
    print("secrets:", *words, flush=True)


# AES as FIPS 197 has it ---------------------------------------------------------------------------


def multiply(a, b):
    product = 0
    while b:
        if b & 1:
            product ^= a
        a = (a << 1) ^ (0x11B if a & 0x80 else 0)
        b >>= 1
    return product


def make_sbox():
    box = [0x63]
    for value in range(1, 256):
        inverse = next(other for other in range(1, 256) if multiply(value, other) == 1)
        rotated = [((inverse << shift) | (inverse >> (8 - shift))) & 255 for shift in range(5)]
        box.append(0x63 ^ rotated[0] ^ rotated[1] ^ rotated[2] ^ rotated[3] ^ rotated[4])
    return box


SBOX = make_sbox()


def round_keys(key):
    """FIPS 197, 5.2, for 256 bits: fifteen round keys."""
    words = [key[i : i + 4] for i in range(0, len(key), 4)]
    constant = 1
    for i in range(8, 60):
        word = words[-1]
        if i % 8 == 0:
            word = bytes(SBOX[byte] for byte in word[1:] + word[:1])
            word = bytes([word[0] ^ constant]) + word[1:]
            constant = multiply(constant, 2)
        elif i % 8 == 4:
            word = bytes(SBOX[byte] for byte in word)
        words.append(bytes(a ^ b for a, b in zip(word, words[i - 8])))
    return [b"".join(words[4 * i : 4 * i + 4]) for i in range(15)]


def inverse_mix(block):
    """InvMixColumns, which the round keys for decryption go through (5.3.5)."""
    factors = (14, 11, 13, 9)
    mixed = bytearray()
    for column in range(0, 16, 4):
        for row in range(4):
            mixed.append(0)
            for i in range(4):
                mixed[-1] ^= multiply(block[column + i], factors[(i - row) % 4])
    return bytes(mixed)


def sliced(key):
    """A round key as crypt/xts.c has it: bit b of every byte in word b, four times, as digits 0 or f."""
    words = []
    for bit in range(8):
        word = 0
        for byte in range(16):
            # aes_ct64 has rows one after the other, and columns within them.
            place = 4 * (byte % 4) + byte // 4
            word |= (0xF * (key[byte] >> bit & 1)) << (4 * place)
        words.append(word.to_bytes(8, "little"))
    return b"".join(words)


def secrets(key=KEY):
    """{what: bytes} of all that must be found nowhere."""
    found = {"key": key[:32], "tweak's key": key[32:]}
    for name, key in list(found.items()):
        for number, one in enumerate(round_keys(key)):
            found[f"{name}, round {number}"] = one
            found[f"{name}, round {number}, mixed"] = inverse_mix(one)
            found[f"{name}, round {number}, sliced"] = sliced(one)
    return found


# The machine ----------------------------------------------------------------------------------------


class Boot:
    def __init__(self, command, folder, words, typed=None):
        self.monitor = folder + "/qmp"
        command = [*command, *([] if "--" in command else ["--"]), *KEEP, *monitor.options(self.monitor)]
        self.program = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=0)
        if typed:
            self.type(typed)
        self.read_until(words)

    def read_until(self, words):
        for line in self.program.stdout:
            line = line.decode(errors="replace")
            # A panic is what the test wants; the runner takes the word itself amiss.
            if ours := re.search(r"memory (0x[0-9a-f]+)-(0x[0-9a-f]+) reserved", line):
                self.first, self.last = (int(one, 16) for one in ours.groups())
            print(line.replace(": PANIC", ": stop"), end="", flush=True)
            if words in line:
                break

    def type(self, text):
        said = b""
        while not said.endswith(PROMPT) and (byte := self.program.stdout.read(1)):
            said += byte
        self.program.stdin.write(text + b"\r")
        say("somebody types")

    def end(self):
        self.program.terminate()
        self.program.communicate(timeout=PATIENCE_S)


def command_line(stream, words):
    return str(monitor.ask(stream, "human-monitor-command", {"command-line": words})).replace("\r", "")


def registers(stream):
    return command_line(stream, "info registers")


def wait_for_halt(stream):
    """Returns the registers of the CPU that has stopped."""
    end = time.monotonic() + PATIENCE_S
    while "HLT=1" not in (text := registers(stream)):
        if time.monotonic() > end:
            say("it does not stop")
            break
        time.sleep(0.1)
    return text


def dump(stream, folder, first, last):
    """What memory of the machine has there, without pages of zeros, of which most are."""
    path = folder + "/memory"
    command_line(stream, f'pmemsave {first:#x} {last - first + 1:#x} "{path}"')
    with open(path, "rb") as file:
        pages = iter(lambda: file.read(PAGE_BYTES), b"")
        return b"".join(page for page in pages if page != bytes(PAGE_BYTES))


def dump_ours(boot, stream, folder):
    return dump(stream, folder, boot.first, boot.last)


def wait_for_end(stream):
    end = time.monotonic() + PATIENCE_S
    while (status := monitor.ask(stream, "query-status")["status"]) == "running" and time.monotonic() < end:
        time.sleep(0.1)
    say("the machine", status)


def judge_memory(boot, stream, folder):
    memory = dump_ours(boot, stream, folder)
    say("memory", "some" if len(memory) > LEAST_BYTES and b"Ritevisor" in memory else "none")
    left = [name for name, value in secrets().items() if value in memory]
    say("left", len(left), *left[:3])


def judge(boot, stream, folder):
    text = wait_for_halt(stream)
    vectors = re.findall(r"XMM\d+=([0-9a-f ]+)", text)
    general = re.findall(r"\b(?:R[A-DS][XI]|RBP|R\d+ ?)=([0-9a-f]+)", text)
    say("vector registers", len(vectors), "not zero", sum(set(one) - set("0 ") != set() for one in vectors))
    say("general registers", len(general), "not zero", sum(int(one, 16) != 0 for one in general))
    judge_memory(boot, stream, folder)


def judge_disk(stream, folder, work):
    """Of all memory. What is left of a passphrase may be 16 bits a character."""
    size_bytes = monitor.ask(stream, "query-memory-size-summary")["base-memory"]
    memory = dump(stream, folder, 0, size_bytes - 1)
    subprocess.run([os.path.join(os.path.dirname(os.path.abspath(__file__)), "encrypted"), "key", work], check=True)
    with open(work + "/volume.key", "rb") as file:
        left = [name for name, value in secrets(file.read()).items() if value in memory]
    say("memory", "some" if len(memory) > LEAST_BYTES and b"Ritevisor" in memory else "none")
    say("left of the key", len(left), *left[:3])
    say("left of the passphrase", sum(memory.count(each) for each in (PASSPHRASE, b"".join(b"%c\0" % byte for byte in PASSPHRASE))))


def follow_disk(how, work, end, command):
    with tempfile.TemporaryDirectory() as folder:
        boot = Boot(command, folder, "is encrypted", PASSPHRASE if how == "typed" else None)
        with monitor.connect(boot.monitor) as stream:
            if end == "button":
                monitor.ask(stream, "system_reset")
            wait_for_end(stream)
            judge_disk(stream, folder, work)
        boot.end()
    return 0


def main(arguments):
    if len(arguments) > 3 and arguments[0] in ("disk", "typed") and arguments[2] in ("end", "button"):
        return follow_disk(arguments[0], arguments[1], arguments[2], arguments[3:])
    if len(arguments) < 2 or arguments[0] not in SAID:
        print(__doc__)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        boot = Boot(arguments[1:], folder, SAID[arguments[0]])
        with monitor.connect(boot.monitor) as stream:
            if arguments[0] in ("end", "button"):
                if arguments[0] == "button":
                    monitor.ask(stream, "system_reset")
                wait_for_end(stream)
                judge_memory(boot, stream, folder)
                boot.end()
                return 0
            if arguments[0] in ("stop", "check"):
                memory = dump_ours(boot, stream, folder)
                found = [name for name, value in secrets().items() if value in memory]
                kinds = {name.partition(", round ")[2].partition(", ")[2] or "plain" for name in found}
                say("before", len(found), *sorted(kinds))
                command_line(stream, MACHINE_CHECK if arguments[0] == "check" else "nmi")
            if arguments[0] == "check":
                boot.read_until("the machine is stopped")
            judge(boot, stream, folder)
        boot.end()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
