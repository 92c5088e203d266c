"""card_keys FOLDER: keys and certificates as cards have them, by openssl, and for each what tools/host/card.py asks and what
the card answers: KIND.token, .certificate, .answer, .secret."""

import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "tools")]
sys.path.append(str(ROOT / "tests/system"))  # behind, since it has a secrets.py

import piv  # noqa: E402
from host import card  # noqa: E402

KINDS = {
    "rsa": ["-newkey", "rsa:2048"],
    "p256": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "p384": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"],
}
QUESTION_BYTES = {0x07: 256, 0x11: 65, 0x14: 97}


def main():
    folder = Path(sys.argv[1])
    for kind, words in KINDS.items():
        key, certificate = folder / f"{kind}.pem", folder / f"{kind}.crt"
        subprocess.run(["openssl", "req", "-x509", *words, "-nodes", "-keyout", key, "-out", certificate, "-subj", f"/CN={kind}"],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
        read = card.Certificate(certificate)
        secret, text = card.seal(read)
        question = bytes.fromhex(text.removeprefix(card.MARK))[-QUESTION_BYTES[read.algorithm] :]
        (folder / f"{kind}.token").write_text(f'{{"asked":"{text}"}}')
        (folder / f"{kind}.certificate").write_bytes(read.data)
        (folder / f"{kind}.answer").write_bytes(piv.use_key(key, read.algorithm, question))
        (folder / f"{kind}.secret").write_bytes(secret)


if __name__ == "__main__":
    main()
