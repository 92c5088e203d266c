"""Keys that a PIV smart card gives: what is asked of its key management key, 9D, made with the card's certificate by stock
openssl. The card is not needed for it, and its PIN neither."""

import hashlib
import hmac
import os
import secrets
import shutil
import struct
import subprocess
import tempfile
import time
from pathlib import Path

from .errors import UserError, how_to_get
from .tpm import sized

# service/card_sealed.h
MARK = "ritevisor-piv:"
TOKEN = "ritevisor-piv"
VERSION = 1
TEXT_BYTES = 63
RSA_2048, P_256, P_384 = 0x07, 0x11, 0x14
RSA_BYTES = 256

# SubjectPublicKeyInfo (RFC 5280, 4.1.2.7) up to the point, or the modulus.
_EC = {
    P_256: (bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200"), 65, "P-256"),
    P_384: (bytes.fromhex("3076301006072a8648ce3d020106052b81040022036200"), 97, "P-384"),
}
_RSA = bytes.fromhex("30820122300d06092a864886f70d01010105000382010f003082010a0282010100")


def _openssl(*words, given=None):
    found = shutil.which("openssl")
    if found is None:
        raise UserError(f"openssl is not installed; {how_to_get('openssl')}")
    return subprocess.run([found, *words], input=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


class Certificate:
    """Of a file, as PEM or DER: `data` (DER), `name` (whose it is), `public` (SubjectPublicKeyInfo), `algorithm`."""

    def __init__(self, path):
        try:
            given = Path(path).read_bytes()
        except OSError as error:
            raise UserError(f"{path}: {error.strerror}") from None
        form = "PEM" if b"-----BEGIN" in given else "DER"
        done = _openssl("x509", "-inform", form, "-outform", "DER", given=given)
        if done.returncode:
            raise UserError(f"{path} is no certificate: give the one of the card's key 9D, as PEM or DER")
        self.data = done.stdout
        key = _openssl("x509", "-inform", "DER", "-noout", "-pubkey", given=self.data).stdout
        self.public = _openssl("pkey", "-pubin", "-outform", "DER", given=key).stdout
        subject = _openssl("x509", "-inform", "DER", "-noout", "-subject", "-nameopt", "multiline,-esc_msb,utf8", given=self.data)
        self.name = _printable(subject.stdout.decode(errors="replace"))
        self.algorithm = self._find_algorithm(path)

    def _find_algorithm(self, path):
        for algorithm, (prefix, length, _) in _EC.items():
            if self.public.startswith(prefix) and len(self.public) == len(prefix) + length:
                return algorithm
        if self.public.startswith(_RSA) and len(self.public) == len(_RSA) + RSA_BYTES + 5:
            return RSA_2048
        raise UserError(f"{path} is of a key of a kind that is not taken: RSA with 2048 bits and an exponent of 65537, "
                        "P-256 and P-384 are")  # fmt: skip


def _printable(subject):
    """The common name, or else the whole subject."""
    parts = dict(reversed([[word.strip() for word in line.split("=", 1)] for line in subject.splitlines() if "=" in line]))
    name = parts.get("commonName") or ", ".join(parts.values()) or "nobody"
    return "".join(c if " " <= c <= "~" else "?" for c in name)[:TEXT_BYTES]


def _ask_curve(certificate):
    """A point of a scalar that nobody keeps, and the x coordinate of what the card makes of it (SP 800-56A, 5.7.1.2)."""
    prefix, _, curve = _EC[certificate.algorithm]
    reading, writing = os.pipe()
    with tempfile.NamedTemporaryFile(prefix="ritevisor-") as theirs:
        theirs.write(certificate.public)
        theirs.flush()
        mine = _openssl("genpkey", "-algorithm", "EC", "-pkeyopt", f"ec_paramgen_curve:{curve}", "-outform", "PEM").stdout
        public = _openssl("pkey", "-pubout", "-outform", "DER", given=mine).stdout
        with os.fdopen(writing, "wb") as file:
            file.write(mine)
        done = subprocess.run([shutil.which("openssl"), "pkeyutl", "-derive", "-inkey", f"/dev/fd/{reading}", "-peerkey", theirs.name,
                               "-peerform", "DER"], pass_fds=[reading], stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # fmt: skip
        os.close(reading)
    if done.returncode or not public.startswith(prefix):
        raise UserError(f"openssl failed: {done.stderr.decode(errors='replace').strip()}")
    return public[len(prefix) :], done.stdout


def _ask_modulus(certificate):
    """The power of a number that nobody keeps, and that number: there is no padding that could be tried."""
    modulus = int.from_bytes(certificate.public[len(_RSA) : len(_RSA) + RSA_BYTES], "big")
    answer = 2 + secrets.randbelow(modulus - 3)
    return pow(answer, 65537, modulus).to_bytes(RSA_BYTES, "big"), answer.to_bytes(RSA_BYTES, "big")


def _derive(certificate_hash, question, answer, purpose):
    """card_sealed_open() of service/card_sealed.c."""
    extracted = hmac.new(certificate_hash, answer + question, "sha256").digest()
    return hmac.new(extracted, f"ritevisor-piv {purpose}\1".encode(), "sha256").digest()


def seal(certificate):
    """Makes a secret that only the certificate's card can give. Returns the secret, and the text of its token."""
    question, answer = (_ask_modulus if certificate.algorithm == RSA_2048 else _ask_curve)(certificate)
    name = hashlib.sha256(certificate.data).digest()
    blob = (struct.pack(">BB", VERSION, certificate.algorithm) + sized(time.strftime("%Y-%m-%d").encode())
            + sized(certificate.name.encode()) + name + _derive(name, question, answer, "check") + sized(question))  # fmt: skip
    return _derive(name, question, answer, "key"), MARK + blob.hex()


def token(slot, certificate, text):
    return {"type": TOKEN, "keyslots": [slot], "day": time.strftime("%Y-%m-%d"), "name": certificate.name, "asked": text}
