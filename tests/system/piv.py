"""A PIV card (NIST SP 800-73-4), as far as disks are unlocked by one, its private key by openssl. For
tests/system/with_card and tests/unit/card.c."""

import subprocess
import tempfile

ANSWER_TO_RESET = bytes.fromhex("3b021450")  # T=0: ISO/IEC 7816-3, 8.2
GOOD = b"\x90\x00"
RSA_2048 = 0x07
PREFIX = {0x11: bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200"),
          0x14: bytes.fromhex("3076301006072a8648ce3d020106052b81040022036200")}  # fmt: skip


def wrap(tag, data):
    length = len(data)
    head = [length] if length < 0x80 else [0x81, length] if length < 0x100 else [0x82, length >> 8, length & 0xFF]
    return bytes([tag, *head]) + data


def unwrap(data):
    """The tag, what it holds, and what is behind it."""
    at, length = 2, data[1]
    if length > 0x80:
        at += length & 0x7F
        length = int.from_bytes(data[2:at], "big")
    return data[0], data[at : at + length], data[at + length :]


def openssl(*words, given=None):
    return subprocess.run(["openssl", *words], input=given, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout


def use_key(key, algorithm, question):
    """What only the private key in that file makes of it."""
    if algorithm == RSA_2048:
        return openssl("pkeyutl", "-decrypt", "-inkey", key, "-pkeyopt", "rsa_padding_mode:none", given=question)
    with tempfile.NamedTemporaryFile(prefix="ritevisor-") as file:
        file.write(PREFIX[algorithm] + question)
        file.flush()
        return openssl("pkeyutl", "-derive", "-inkey", key, "-peerkey", file.name, "-peerform", "DER")


class Card:
    def __init__(self, arguments):
        self.arguments = arguments
        self.certificate = openssl("x509", "-in", arguments.certificate, "-outform", "DER")
        self.pin = arguments.pin.encode().ljust(8, b"\xff")
        self.tries, self.is_verified, self.command, self.rest = arguments.tries, False, b"", b""
        self.asked = []
        self.is_pulled = False

    def use(self, algorithm, data):
        if not self.is_verified:
            return b"\x69\x82"
        if self.arguments.wrong == "refused":
            return b"\x6a\x80"
        _, template, _ = unwrap(data)
        _, _, template = unwrap(template)  # the answer that is wanted
        _, question, _ = unwrap(template)
        answer = use_key(self.arguments.key, algorithm, question)
        if self.arguments.wrong == "other":
            answer = bytes([answer[0] ^ 1]) + answer[1:]
        answer = wrap(0x7C, wrap(0x82, answer))
        if self.arguments.wrong == "cut":
            answer = answer[:-3]
        return self.tell(answer * (120 if self.arguments.wrong == "long" else 1))

    def tell(self, data):
        """An answer in pieces of 256 bytes."""
        self.rest = data[256:]
        return data[:256] + (bytes([0x61, min(len(self.rest), 0xFF)]) if self.rest else GOOD)

    def verify(self, pin):
        if self.tries == 0:
            return b"\x69\x83"
        self.is_verified = pin == self.pin
        self.tries = self.arguments.tries if self.is_verified else self.tries - 1
        return GOOD if self.is_verified else bytes([0x63, 0xC0 | self.tries])

    def answer(self, apdu):
        """None: the card is pulled out instead."""
        kind, instruction, p1, p2 = apdu[:4]
        data = apdu[5 : 5 + apdu[4]] if len(apdu) > 5 else b""
        if kind & 0x10:
            self.command += data
            return GOOD
        data, self.command = self.command + data, b""
        name = {0xA4: "select", 0xCB: "certificate", 0x20: "verify", 0x87: "use", 0xC0: "more"}.get(instruction, "?")
        if name != "more":
            self.asked.append(name)
        if name == self.arguments.pull:
            return None
        if name == "select":
            return wrap(0x61, b"\x4f\x06\x00\x00\x10\x00\x01\x00") + GOOD
        if name == "certificate":
            return self.tell(wrap(0x53, wrap(0x70, self.certificate) + b"\x71\x01\x00\xfe\x00"))
        if name == "verify":
            return self.verify(data)
        if name == "use" and p2 == 0x9D:
            return self.use(p1, data)
        if name == "more":
            return self.tell(self.rest)
        return b"\x6d\x00"
