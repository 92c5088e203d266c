"""TPM 2.0: the event log, the PCRs that Ritevisor's start gives, and keys sealed to them by stock tpm2-tools."""

import hashlib
import hmac
import os
import secrets
import shlex
import shutil
import struct
import subprocess
import tempfile
import time
from pathlib import Path

from .errors import UserError, how_to_get

# boot/uefi/tpm.h, service/tpm_sealed.h
PCR = 12
MARK = "ritevisor-tpm2:"
TOKEN = "ritevisor-tpm2"
VERSION = 1
PCRS_MAXIMUM = 8
# Who runs before us and could read the key in memory, Secure Boot, and ours. A driver that a variable (Driver####) has
# firmware load from a disk is measured into 2, not 4.
STANDARD_PCRS = (0, 2, 4, 7, PCR)
MEANING = {0: "the firmware", 1: "the firmware's settings", 2: "drivers and cards' firmware",
           4: "the program that was started", 7: "Secure Boot", PCR: "Ritevisor, its configuration and scripts"}  # fmt: skip
CAP = "ritevisor cap"
KERNEL_LOG = "/sys/kernel/security/tpm0/binary_bios_measurements"
SECRET_BYTES = 32

HASHES = {4: "sha1", 0xB: "sha256", 0xC: "sha384", 0xD: "sha512"}
EV_NO_ACTION = 3
ALG_SHA256 = 0xB
CC_POLICY_PCR = 0x17F
CC_POLICY_AUTH_VALUE = 0x16B
FLAG_PIN = 1
SALT_BYTES = 16
ZERO = bytes(32)


def extend(value, digest):
    return hashlib.sha256(value + digest).digest()


# The event log ----------------------------------------------------------------------------------------


class _Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        if count > len(self.data) - self.at:
            raise UserError("the event log is cut")
        self.at += count
        return self.data[self.at - count : self.at]

    def numbers(self, layout):
        return struct.unpack("<" + layout, self.take(struct.calcsize("<" + layout)))


def read_log(data):
    """Yields (PCR, type, SHA-256 digest, event) of a log with all banks (PC Client Platform Firmware Profile, 10.2)."""
    reader = _Reader(data)
    reader.take(4 + 4 + 20)
    (count,) = reader.numbers("I")
    first = _Reader(reader.take(count))
    if first.take(16) != b"Spec ID Event03\0":
        raise UserError("the event log is none of a TPM 2.0 with a bank of SHA-256")
    first.take(8)
    sizes = dict(first.numbers("HH") for _ in range(first.numbers("I")[0]))
    while reader.at < len(data):
        pcr, kind, nr = reader.numbers("III")
        digests = {}
        for _ in range(nr):
            (algorithm,) = reader.numbers("H")
            if algorithm not in sizes:
                raise UserError("the event log names a hash that it did not declare")
            digests[algorithm] = reader.take(sizes[algorithm])
        event = reader.take(reader.numbers("I")[0])
        if ALG_SHA256 not in digests:
            raise UserError("the event log has no SHA-256")
        yield pcr, kind, digests[ALG_SHA256], event


def replay(data, until_cap):
    """What the PCRs are behind all of a log, or when Ritevisor was about to cap its own: {number: value}."""
    values, capped = {number: ZERO for number in range(17)}, False
    for pcr, kind, digest, event in read_log(data):
        text = event.rstrip(b"\0").decode("latin-1")
        if until_cap and pcr == PCR and text == CAP:
            capped = True
            break
        if kind == EV_NO_ACTION:
            if text.startswith("StartupLocality"):
                values[0] = ZERO[:-1] + event[16:17]
            continue
        if pcr in values:
            values[pcr] = extend(values[pcr], digest)
    if until_cap and not capped:
        raise UserError("Ritevisor has not measured itself at this start: start it once, with a TPM 2.0 switched on")
    return values


# What is expected of a folder ------------------------------------------------------------------------------


def _config_lines(text):
    for line in text.removeprefix("\ufeff").split("\n"):
        line = line.strip(" \t\r")
        if line and not line.startswith("#"):
            key, _, value = line.partition("=")
            yield key.rstrip(" \t"), value.lstrip(" \t")


def _hashed(events):
    """As they are measured, of (text, bytes)."""
    return [(f"ritevisor {text}", hashlib.sha256(data).digest()) for text, data in events]


def _left_out(line):
    """passphrase_is_left_out() of boot/passphrase.c: the names of files that may have sealed keys, and of those with keys."""
    names = set()
    for word in line.split(" "):
        if word.startswith("encrypt="):
            fields = dict(reversed([field.split("=", 1) for field in word.split(",")[1:] if "=" in field]))
            secrets_of = {fields[kind] for kind in ("key", "plain") if kind in fields}
            names |= secrets_of or {fields.get("header", ""), fields.get("sealed", "")}
    return names


def expected_events(folder):
    """(text, SHA-256 digest) of each event that the loader adds for a folder of its files, in this order."""
    config_file = Path(folder) / "ritevisor.conf"
    if not config_file.is_file():
        raise UserError(f"{folder} has no ritevisor.conf: it is no folder of Ritevisor's")
    config = config_file.read_bytes()
    options, names = [], {"hypervisor": ["ritevisor.elf"], "engine": ["engine.elf"], "script": [], "file": []}
    for key, value in _config_lines(config.decode("utf-8", "surrogateescape")):
        if key == "options":
            options.append(value)
        elif key in ("script", "file"):
            names[key].append(value)
        elif key in names:
            names[key] = [value]
        elif key == "rescue" and value != "0":
            raise UserError(f"{config_file} says rescue: nothing is unsealed then")
    line = " ".join(options).replace("\t", " ")
    events = [("configuration", config), ("boot line", line.encode("utf-8", "surrogateescape"))]

    def add(kind, name, shown=None, must=True):
        path = Path(folder) / name.replace("\\", "/").lstrip("/")
        if path.is_file():
            events.append((f"{kind} {os.path.basename(shown)}" if shown else kind, path.read_bytes()))
        elif must:
            raise UserError(f"{path} is not there, but ritevisor.conf names it")

    add("hypervisor", names["hypervisor"][0])
    left_out = _left_out(line)
    for name in names["file"]:
        if os.path.basename(name.replace("\\", "/")) not in left_out:
            add("file", name, name.replace("\\", "/"))
    if names["engine"][0] != "none":
        add("engine", names["engine"][0], names["engine"][0].replace("\\", "/"))
        for name in names["script"]:
            add("signature", name + ".minisig", name.replace("\\", "/"), must=False)
            add("script", name, name.replace("\\", "/"))
    return _hashed(events)


# What GRUB gives the hypervisor on BIOS machines -----------------------------------------------------------


def _grub_line(words):
    """As GRUB hands arguments on (grub_create_loader_cmdline())."""
    quoted = []
    for word in words:
        word = "".join("\\" + c if c in "\\'\"" else c for c in word)
        quoted.append(f'"{word}"' if " " in word else word)
    return " ".join(quoted)


def _loaded_program(path):
    """The code and constants of ritevisor.elf, as they stand in memory: what its headers load there and nobody writes to."""
    data = path.read_bytes()
    if data[:5] != b"\x7fELF\x02":
        raise UserError(f"{path} is no program of 64 bits")
    (at,), (size, count) = struct.unpack_from("<Q", data, 32), struct.unpack_from("<HH", data, 54)
    parts = []
    for number in range(count):
        kind, flags, offset, address, _, in_file = struct.unpack_from("<IIQQQQ", data, at + number * size)
        # What is below runs once, where GRUB has put it (boot/ritevisor.lds).
        if kind == 1 and not flags & 2 and address >= 1 << 63:
            parts.append((address, data[offset : offset + in_file]))
    parts.sort()
    for (address, part), (behind, _) in zip(parts, parts[1:]):
        if address + len(part) != behind:
            raise UserError(f"{path}: its code and constants are not one behind the other")
    return b"".join(part for _, part in parts)


def expected_bios_events(root, config):
    """(text, SHA-256 digest) of each event of a start by the first entry of a grub.cfg that loads Ritevisor. root: what
    its paths begin at."""
    lines = [shlex.split(line, comments=True) for line in config.read_text().splitlines()]
    first = next((number for number, words in enumerate(lines) if words and words[0] == "multiboot2"), None)
    if first is None:
        raise UserError(f"{config} has no line multiboot2")

    def at(name):
        path = Path(root) / name.lstrip("/")
        if not path.is_file():
            raise UserError(f"{path} is not there, but {config} names it")
        return path

    line = _grub_line(lines[first][2:])
    left_out = _left_out(line)
    events = [("boot line", line.encode()), ("hypervisor", _loaded_program(at(lines[first][1])))]
    for words in lines[first + 1 :]:
        if not words or words[0] != "module2":
            break
        kind, name = words[2], words[-1]
        if kind != "file" or name not in left_out:
            events.append((f"{kind} {name}", at(words[1]).read_bytes()))
    return _hashed(events)


def expected_pcr(events):
    value = ZERO
    for _, digest in events:
        value = extend(value, digest)
    return value


def capped(value):
    """What the PCR is for whatever starts behind Ritevisor."""
    return extend(value, hashlib.sha256(CAP.encode()).digest())


# Sealing -------------------------------------------------------------------------------------------------


def sized(data):
    """With its length before it, as fields of tokens are (service/tpm_wire.h)."""
    return struct.pack(">H", len(data)) + data


def policy(values, has_pin):
    """The digest of a policy that wants these PCRs, and a PIN (TPM 2.0 Library, part 3, 23.7, 23.17)."""
    numbers = sorted(values)
    bits = sum(1 << number for number in numbers)
    selection = struct.pack(">IHB", 1, ALG_SHA256, 3) + bits.to_bytes(3, "little")
    digest = hashlib.sha256(b"".join(values[number] for number in numbers)).digest()
    value = hashlib.sha256(ZERO + struct.pack(">I", CC_POLICY_PCR) + selection + digest).digest()
    return extend(value, struct.pack(">I", CC_POLICY_AUTH_VALUE)) if has_pin else value


def _run(folder, *words, given=None):
    found = shutil.which(words[0])
    if found is None:
        raise UserError(f"{words[0]} is not installed; {how_to_get('tpm2-tools')}")
    done = subprocess.run([found, *words[1:]], cwd=folder, input=given, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        raise UserError(f"{words[0]} failed: {done.stdout.decode(errors='replace').strip()}")
    return done.stdout


def _run_loading(folder, *words, given=None):
    """One that loads keys: they are taken out again, which only the kernel's resource manager does by itself."""
    _run(folder, *words, given=given)
    _run(folder, "tpm2_flushcontext", "--transient-object")


def read_pcrs(numbers):
    """The values of now."""
    with tempfile.TemporaryDirectory(prefix="ritevisor-") as folder:
        _run(folder, "tpm2_pcrread", "sha256:" + ",".join(map(str, sorted(numbers))), "-o", "values")
        data = Path(folder, "values").read_bytes()
    return {number: data[32 * i : 32 * i + 32] for i, number in enumerate(sorted(numbers))}


def seal(values, pin=None):
    """Makes a secret and has the TPM seal it to these PCRs, and a PIN (bytes). Returns the secret, and the text of its
    token."""
    secret, salt = secrets.token_bytes(SECRET_BYTES), secrets.token_bytes(SALT_BYTES) if pin else b""
    # With a PIN, wrong ones count ("dictionary attack protection").
    attributes = "fixedtpm|fixedparent" + ("" if pin else "|noda")
    with tempfile.TemporaryDirectory(prefix="ritevisor-") as folder:
        # What talk_put_parent() of service/tpm_unseal.c asks for.
        _run_loading(folder, "tpm2_createprimary", "-C", "o", "-g", "sha256", "-G", "ecc256:aes128cfb", "-a",
             "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|decrypt", "-c", "parent")  # fmt: skip
        _run_loading(folder, "tpm2_readpublic", "-c", "parent", "-n", "name")
        Path(folder, "policy").write_bytes(policy(values, pin is not None))
        if pin:  # tpm_make_pin() of service/tpm_unseal.c
            Path(folder, "pin").write_text(hmac.new(salt, pin, "sha256").hexdigest()[:32])
        # In a session with the TPM, so that the bus does not see the secret.
        _run_loading(folder, "tpm2_startauthsession", "--hmac-session", "-c", "parent", "-S", "session")
        _run(folder, "tpm2_sessionconfig", "--enable-decrypt", "session")
        _run_loading(folder, "tpm2_create", "-C", "parent", "-P", "session:session", "-g", "sha256", "-L", "policy", "-i", "-",
             "-a", attributes, "-u", "public", "-r", "private", *(["-p", "file:pin"] if pin else []), given=secret)  # fmt: skip
        _run(folder, "tpm2_flushcontext", "session")
        name, public, private = (Path(folder, each).read_bytes() for each in ("name", "public", "private"))
    pcrs = b"".join(struct.pack(">B", number) + values[number] for number in sorted(values))
    # tpm2-tools writes the two with their sizes before them.
    blob = (struct.pack(">BB", VERSION, FLAG_PIN if pin else 0) + sized(time.strftime("%Y-%m-%d").encode()) + sized(name)
            + struct.pack(">B", len(values)) + pcrs + private + public + sized(salt))  # fmt: skip
    return secret, MARK + blob.hex()


def token(slot, values, has_pin, text):
    return {"type": TOKEN, "keyslots": [slot], "day": time.strftime("%Y-%m-%d"), "pcrs": sorted(values), "pin": has_pin,
            "sealed": text}  # fmt: skip
