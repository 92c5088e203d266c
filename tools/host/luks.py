"""Encrypted disks by stock cryptsetup: LUKS2 headers beside their disks, or in front, as Ritevisor's encrypt= takes them.
Where `header` and `device` are the same, it is in front."""

import contextlib
import json
import os
import secrets
import shutil
import signal
import stat
import subprocess
import tempfile

from . import card, tpm
from .errors import UserError, how_to_get

CIPHER = ["--cipher", "aes-xts-plain64", "--key-size", "512"]
# What is stretched when the machine starts, by one CPU: 64 MiB four times.
STRETCHING = ["--pbkdf", "argon2id", "--pbkdf-memory", "65536", "--pbkdf-force-iterations", "4",
              "--pbkdf-parallel", "1"]  # fmt: skip
# A recovery key has 256 bits of its own.
NO_STRETCHING = ["--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000"]
# Four MiB instead of sixteen, since it is read at each start; fifteen keys have room.
HEADER_SIZES = ["--luks2-metadata-size", "16k", "--luks2-keyslots-size", "4M"]
# How much is amid conversion at a time: what is looked through after a crash.
ZONE = ["--resilience", "checksum", "--hotzone-size", "16777216"]
# What a conversion with the header in front has to have for itself at the disk's end: the header's place, moved there and
# back, and the disk's first bytes meanwhile.
FRONT_BYTES = 32 << 20
MAGIC = b"LUKS\xba\xbe"
MODHEX = "cbdefghijklnrtuv"  # as systemd-cryptenroll writes them: the same on most keyboards
RECOVERY_BYTES = 32
# Which disk a header belongs to stands in the header's subsystem (on-disk format 1.1.0, 2.1).
SUBSYSTEM_AT, SUBSYSTEM_BYTES = 208, 48
OF_DISK = "ritevisor "
CONVERSION = ("online-reencrypt", "online-reencrypt-v2", "offline-reencrypt")


def program():
    found = shutil.which("cryptsetup", path=os.environ.get("PATH", "/usr/bin") + ":/usr/sbin:/sbin")
    if found is None:
        raise UserError(f"cryptsetup is not installed; {how_to_get('cryptsetup')}")
    return found


@contextlib.contextmanager
def _secret_files(secrets_given):
    """Gives a name for each secret, by which a program that is started reads it: a pipe, so that it is in no file and
    in no list of processes."""
    ends = []
    try:
        for secret in secrets_given:
            reading, writing = os.pipe()
            ends.append(reading)
            with os.fdopen(writing, "wb") as file:
                file.write(secret)  # a pipe holds 64 KiB, a secret is less
        yield [f"/dev/fd/{end}" for end in ends], ends
    finally:
        for end in ends:
            os.close(end)


def _failure(words, output):
    lines = [line for line in output.splitlines() if line.strip() and not line.startswith("{")]
    return UserError(f"cryptsetup {words[0]} failed: " + ("\n".join(lines) or "it did not say why"))


def run(*words, given=(), input_text=None, folder=None):
    """Runs cryptsetup, in a folder if one is given, with secrets in place of the words None; returns what it printed."""
    with _secret_files(given) as (names, ends):
        left = list(names)
        command = [program(), *(left.pop(0) if word is None else word for word in words)]
        done = subprocess.run(command, cwd=folder, pass_fds=ends, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              **({"stdin": subprocess.DEVNULL} if input_text is None else {"input": input_text}))  # fmt: skip
    if done.returncode:
        raise _failure(words, done.stdout)
    return done.stdout


# Headers ------------------------------------------------------------------------------------------


def is_header(path):
    try:
        with open(path, "rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}") from None


def metadata(header):
    """What a header says, without secrets."""
    if not is_header(header):
        raise UserError(f"{header} is no LUKS header")
    return json.loads(run("luksDump", "--dump-json-metadata", header))


def state(header):
    """encrypted, clear, or between: "encrypting", "decrypting"."""
    data = metadata(header)
    for slot in data["keyslots"].values():
        if slot["type"] == "reencrypt":
            return "decrypting" if slot.get("mode") == "decrypt" else "encrypting"
    if any(each in CONVERSION for each in data["config"].get("requirements", {}).get("mandatory", [])):
        raise UserError(f"{header} is amid a conversion that this command did not begin; cryptsetup reencrypt goes on with it")
    return "encrypted" if any(each["type"] == "crypt" for each in data["segments"].values()) else "clear"


def recovery_slots(data):
    return {slot for token in data["tokens"].values() if token["type"] == "systemd-recovery" for slot in token["keyslots"]}


def check_disk(header, device):
    """Refuses a disk that is not the one that the header was made for: a conversion would destroy it."""
    with open(header, "rb") as file:
        file.seek(SUBSYSTEM_AT)
        text = file.read(SUBSYSTEM_BYTES).partition(b"\0")[0].decode(errors="replace")
    if text.startswith(OF_DISK) and text != identity(device):
        raise UserError(f"{header} belongs to another disk, {text[len(OF_DISK):]}; {device} is {identity(device)[len(OF_DISK):]} "
                        "(bytes, serial, first sector)")  # fmt: skip


def unlocked_slot(header, secret):
    """The number of the slot that a passphrase opens."""
    text = run("open", "--test-passphrase", "-v", "--key-file", None, header, given=[secret])
    for line in text.splitlines():
        if line.startswith("Key slot ") and line.endswith(" unlocked."):
            return line.split()[2]
    raise UserError(f"cryptsetup did not say which slot it opened:\n{text}")


def add_key(header, secret, new_secret, stretching=STRETCHING):
    """Returns the number of the slot."""
    before = set(metadata(header)["keyslots"])
    run("luksAddKey", "--batch-mode", *stretching, "--key-file", None, header, None, given=[secret, new_secret])
    (slot,) = set(metadata(header)["keyslots"]) - before
    return slot


def make_recovery_key():
    """256 bits in systemd's form."""
    digits = "".join(MODHEX[byte >> 4] + MODHEX[byte & 15] for byte in secrets.token_bytes(RECOVERY_BYTES))
    return "-".join(digits[at : at + 8] for at in range(0, len(digits), 8))


def add_recovery_key(header, secret):
    """Returns the key and its slot."""
    key = make_recovery_key()
    slot = add_key(header, secret, key.encode(), NO_STRETCHING)
    token = {"type": "systemd-recovery", "keyslots": [slot]}
    run("token", "import", "--json-file", "-", header, input_text=json.dumps(token))
    return key, slot


def key_tokens(data):
    """{slot: (number of the token, token)} of keys that a TPM or a card gives."""
    return {slot: (number, token) for number, token in data["tokens"].items() if token["type"] in (tpm.TOKEN, card.TOKEN)
            for slot in token["keyslots"]}  # fmt: skip


def add_token_key(header, secret, new_secret, make_token):
    """Adds a key of 256 bits, and the token that make_token(slot) makes, by which it is got. Returns the slot."""
    slot = add_key(header, secret, new_secret, NO_STRETCHING)
    run("config", "--priority", "prefer", "--key-slot", slot, header)  # it is tried first
    run("token", "import", "--json-file", "-", header, input_text=json.dumps(make_token(slot)))
    return slot


def remove_key(header, secret, slot):
    """The last key, and the one by which it is done, stay."""
    data = metadata(header)
    slots = data["keyslots"]
    if slot not in slots:
        raise UserError(f"{header} has no key {slot}; it has {', '.join(sorted(slots, key=int))}")
    if unlocked_slot(header, secret) == slot:
        raise UserError(f"key {slot} is the one that you gave; give another one, which stays")
    run("luksKillSlot", "--batch-mode", "--key-file", None, header, slot, given=[secret])
    if slot in key_tokens(data):
        run("token", "remove", "--token-id", key_tokens(data)[slot][0], header)


# Disks --------------------------------------------------------------------------------------------


def is_block(device):
    try:
        mode = os.stat(device).st_mode
    except OSError as error:
        raise UserError(f"{device}: {error.strerror}") from None
    if not stat.S_ISBLK(mode) and not stat.S_ISREG(mode):
        raise UserError(f"{device} is neither a disk nor an image of one")
    return stat.S_ISBLK(mode)


def check_unused(device):
    """Refuses a disk that is mounted, swapped to, or has something on it that is; or an image that a loop device has."""
    if is_block(device):
        try:
            os.close(os.open(device, os.O_RDWR | os.O_EXCL))
        except OSError as error:
            busy = "it, or a partition of it, is mounted or otherwise in use"
            raise UserError(f"{device}: {busy if error.errno == 16 else error.strerror}") from None
        return
    listed = subprocess.run(["losetup", "--noheadings", "--output", "NAME", "--associated", device],
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)  # fmt: skip
    if listed.stdout.strip():
        raise UserError(f"{device} is in use: {listed.stdout.split()[0]} has it")


def size_bytes(device):
    with open(device, "rb") as file:
        return file.seek(0, os.SEEK_END)


def has_partitions(device):
    """Is there an MBR or a GPT?"""
    with open(device, "rb") as file:
        first = file.read(512)
    return len(first) == 512 and first[510:] == b"\x55\xaa" and any(first[446 + 16 * i + 4] for i in range(4))


def _attribute(device, name):
    path = os.path.join("/sys/class/block", os.path.basename(os.path.realpath(device)), name)
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return None


def _disk_of(device):
    """A partition's disk, with its place there; or the disk itself."""
    if (first := _attribute(device, "start")) is None:
        return device, None
    return os.path.dirname(os.path.realpath(f"/sys/class/block/{os.path.basename(os.path.realpath(device))}")), int(first)


def _serial(disk):
    return _attribute(disk, "device/serial") or _attribute(disk, "serial")


def identity(device):
    """How many bytes it has, and where it is as far as that can be known: the serial and the first sector."""
    text = f"{OF_DISK}{size_bytes(device)}"
    if is_block(device):
        disk, first = _disk_of(device)
        text += f" {_serial(disk) or '-'} {first or 0}"
    return text.encode()[: SUBSYSTEM_BYTES - 1].decode(errors="ignore")


def option(device, header):
    """The word of the boot line that has Ritevisor unlock it, as far as it can be known."""
    words, serial = "" if header == device else f",header={os.path.basename(header)}", None
    if is_block(device):
        disk, first = _disk_of(device)
        serial = _serial(disk)
        if first is not None:
            sector_bytes = int(_attribute(disk, "queue/logical_block_size") or 512)
            words += f",first={first * 512 // sector_bytes},sectors={size_bytes(device) // sector_bytes}"
    return f"encrypt={(serial or 'SERIAL').replace(' ', '%20')}{words}"


# Conversions --------------------------------------------------------------------------------------


@contextlib.contextmanager
def _without_partitions(device):
    """cryptsetup takes a table of partitions for a header that is damaged. Where it only makes a header, an empty file as
    large as the disk does as well."""
    if not has_partitions(device):
        yield device
        return
    with tempfile.NamedTemporaryFile(prefix="ritevisor-") as file:
        os.truncate(file.fileno(), size_bytes(device))
        yield file.name


def begin_encryption(device, header, secret, sector_bytes):
    """Makes the header, and touches no byte of the disk. The header has its name when all of it is there."""
    new = header + ".new"
    with contextlib.suppress(FileNotFoundError):
        os.unlink(new)
    try:
        with _without_partitions(device) as like:
            run("reencrypt", "--encrypt", "--init-only", "--batch-mode", "--type", "luks2", "--header", new, *CIPHER,
                "--subsystem", identity(device), "--sector-size", str(sector_bytes), *ZONE, *STRETCHING, *HEADER_SIZES,
                "--key-file", None, like, given=[secret])  # fmt: skip
        with open(new, "rb+") as file:
            os.fsync(file.fileno())
        os.rename(new, header)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(new)


def is_partition(device):
    return is_block(device) and _disk_of(device)[1] is not None


def ends_with_zeros(device):
    """Is nothing in the FRONT_BYTES at its end?"""
    with open(device, "rb") as file:
        file.seek(-FRONT_BYTES, os.SEEK_END)
        return all(not any(file.read(1 << 20)) for _ in range(FRONT_BYTES >> 20))


def begin_encryption_in_front(device, secret, sector_bytes):
    """Makes the header in front, the first bytes moved to the end. It has cryptsetup's own size, up to where the data
    begin: of what was there in clear, cryptsetup wipes as much. Until it is in front it is a file where cryptsetup runs
    (LUKS2-temp-*), which a kill leaves there: where it was not put in front whole, the only one."""
    folder, device = tempfile.mkdtemp(prefix="ritevisor-header-"), os.path.abspath(device)
    try:
        run("reencrypt", "--encrypt", "--init-only", "--batch-mode", *_offline(device), "--type", "luks2",
            "--reduce-device-size", str(FRONT_BYTES), *CIPHER, "--sector-size", str(sector_bytes), *STRETCHING,
            "--key-file", None, device, given=[secret], folder=folder)  # fmt: skip
    except BaseException:
        if is_header(device) and os.listdir(folder):
            raise UserError(f"cryptsetup was stopped amid putting the header in front; all of it is in {folder}: with that, "
                            f"cryptsetup luksHeaderRestore --header-backup-file FILE {device}, then the same command again")  # fmt: skip
        shutil.rmtree(folder)
        raise
    shutil.rmtree(folder)


def format_in_front(device, secret, sector_bytes):
    """An empty disk; what was on it is lost."""
    run("luksFormat", "--batch-mode", "--type", "luks2", *CIPHER, "--sector-size", str(sector_bytes), *STRETCHING,
        "--key-file", None, device, given=[secret])  # fmt: skip


def begin_decryption(device, header, secret):
    run("reencrypt", "--decrypt", "--init-only", "--batch-mode", *_offline(device), "--header", header,
        *ZONE, "--key-file", None, device, given=[secret])  # fmt: skip


def begin_decryption_in_front(device, header, secret):
    """The header leaves for that file, which is needed until all is done: what follows it moves into its place."""
    run("config", "--subsystem", identity(device), device)  # no other disk is converted by that file
    run("reencrypt", "--decrypt", "--init-only", "--batch-mode", *_offline(device), "--header", header, *ZONE,
        "--key-file", None, device, given=[secret])  # fmt: skip


def _uuid(header):
    for line in run("luksDump", header).splitlines():
        if line.startswith("UUID:"):
            return line.partition(":")[2].strip()
    return None


def is_copy(header, device):
    """Is the file what was begun of this disk's header in front, which is whole yet? All of it, or, where cryptsetup has
    mended that meanwhile, of the same name."""
    with open(header, "rb") as file, open(device, "rb") as disk:
        if all(disk.read(len(part)) == part for part in iter(lambda: file.read(1 << 20), b"")):
            return True
    return is_header(header) and _uuid(header) == _uuid(device)


def data_bytes(header):
    """Where the data begin, as the header says."""
    return min(int(each["offset"]) for each in metadata(header)["segments"].values())


def put_back_in_front(device, header):
    """The header goes back to its place: what had come there is yet where it was."""
    with open(header, "rb") as file, open(device, "rb+") as disk:
        shutil.copyfileobj(file, disk, 1 << 20)
        disk.flush()
        os.fsync(disk.fileno())


def _offline(device):
    """Of an image cryptsetup cannot see whether it is in use; check_unused() has looked."""
    return [] if is_block(device) else ["--force-offline-reencrypt"]


def _resume(device, header, secret, show):
    # How data are moved out of a header's place is written down there.
    where = [] if header == device else [*ZONE, "--header", header]
    words = ["reencrypt", "--resume-only", "--batch-mode", *_offline(device), *where, "--progress-json",
             "--progress-frequency", "1", "--key-file"]  # fmt: skip
    with _secret_files([secret]) as (names, ends):
        child = subprocess.Popen([program(), *words, *names, device], pass_fds=ends, stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)  # fmt: skip
    said = []
    try:
        for line in child.stdout:
            said.append(line)
            if line.startswith("{"):
                at = json.loads(line)
                show(int(at["device_bytes"]), int(at["device_size"]), int(at["eta_ms"]) / 1000)
        child.wait()
    except BaseException:
        # It ends what it has begun of a zone, and writes down how far it is.
        child.send_signal(signal.SIGINT)
        child.communicate()
        raise
    if child.returncode:
        raise _failure(words, "".join(said))


def convert(device, header, secret, show):
    """Goes on with what was begun, to its end; show(bytes done, bytes, seconds left) now and then. Where it was killed
    amid a zone, what belongs to which side of it is found by checksums first."""
    try:
        _resume(device, header, secret, show)
    except UserError as error:
        if "requires reencryption recovery" not in str(error):
            raise
        run("repair", "--batch-mode", *([] if header == device else ["--header", header]), "--key-file", None, device, given=[secret])
        _resume(device, header, secret, show)
