"""./ritevisor disk: encrypted disks that Ritevisor unlocks below the OS, by stock cryptsetup."""

import getpass
import os
import sys

from commands import options
from host import card, luks, progress, tpm
from host.errors import UserError

EXAMPLES = """\
actions:
  status        what a header says, and whether the disk is encrypted
  encrypt       encrypt DISK in place; the header is written to --header, or, without, in front of the data
  decrypt       and back
  add-key       another passphrase or key file, or, with --tpm2, one that this machine's TPM unseals, or, with --card, one
                that a smart card gives
  remove-key    take one out (--slot)
  recovery-key  a key of 256 bits, printed once, for when all else is lost
  unlock-test   which key a passphrase or key file is

examples:
  ./ritevisor disk encrypt /dev/sda3 --header root.luks
  ./ritevisor disk recovery-key --header root.luks
  ./ritevisor disk unlock-test --header root.luks
  ./ritevisor disk status /dev/sda3 --header root.luks
  ./ritevisor disk add-key --header root.luks --card anna.pem   the certificate of the card's key 9D
  ./ritevisor disk encrypt /dev/sdb --header all.luks --whole
  ./ritevisor disk encrypt /dev/sdc --empty             a new disk, its header in front

Without --header the disk begins with its header, as any Linux desktop knows it, and the guest's disk is 16 MiB smaller
than it was. What is on it moves back by these, so the disk must have nothing in its last 32 MiB; --empty keeps nothing,
and takes a second. decrypt of such a disk takes --header FILE too, one that is not there yet: the header is kept in it until
all is done.

encrypt and decrypt take hours for large disks. Stopped at any point, by Ctrl-C, a crash or the power, the same command
goes on; until it has come to its end Ritevisor does not unlock the disk. Make a backup all the same, of the header too:
without it nobody opens the disk. Passphrases are asked for; --key-file and --new-key-file give files instead, as they
are. docs/encryption.md tells the rest, and how any Linux opens the disk without Ritevisor.
"""

ACTIONS_OF_DISKS = ("encrypt", "decrypt")


def add(commands):
    parser = options.add_command(commands, "disk", perform, "encrypt disks that Ritevisor unlocks", EXAMPLES)
    parser.add_argument("action", metavar="ACTION", choices=list(ACTIONS), help="what to do; see below")
    parser.add_argument("disk", metavar="DISK", nargs="?", help="a partition, a disk, or an image of one")
    parser.add_argument("--header", metavar="FILE", help="the LUKS2 header beside it")
    parser.add_argument("--key-file", metavar="FILE", help="what unlocks it, instead of a passphrase")
    parser.add_argument("--new-key-file", metavar="FILE", help="add-key: what shall unlock it, too, or the PIN")
    parser.add_argument("--tpm2", action="store_true",
                        help="add-key: a key sealed by this machine's TPM 2.0, by tpm2-tools")  # fmt: skip
    parser.add_argument("--pin", action="store_true", help="--tpm2: for whoever types a PIN, too")
    parser.add_argument("--pcrs", metavar="N+N", default="+".join(map(str, tpm.STANDARD_PCRS)),
                        help="--tpm2: what it is bound to (default %(default)s)")  # fmt: skip
    parser.add_argument("--event-log", metavar="FILE",
                        help="--tpm2: of the start that shall unseal it (default: this machine's last)")  # fmt: skip
    parser.add_argument("--card", metavar="CERTIFICATE",
                        help="add-key: a key by the PIV card of this certificate (PEM or DER), of its key 9D")  # fmt: skip
    parser.add_argument("--sealed", metavar="FILE",
                        help="--tpm2, --card: write it there, too, for sealed=FILE: what a header in front needs")  # fmt: skip
    parser.add_argument("--slot", metavar="N", help="remove-key: which; status lists them")
    parser.add_argument("--sector-size", type=int, choices=(512, 4096), default=512,
                        help="encrypt: in what pieces (default 512; no larger than the disk's sectors)")  # fmt: skip
    parser.add_argument("--whole", action="store_true",
                        help="encrypt: a disk with its table of partitions, which Ritevisor is not started from")  # fmt: skip
    parser.add_argument("--empty", action="store_true",
                        help="encrypt, without --header: what is on the disk is lost")
    parser.add_argument("--yes", action="store_true", help="do not ask whether it is the right disk")


def perform(arguments):
    if arguments.header is None and arguments.disk is None:
        raise UserError("say which header: --header FILE, or the disk that begins with it")
    if arguments.action in ACTIONS_OF_DISKS and arguments.disk is None:
        raise UserError(f"say which disk: ritevisor disk {arguments.action} DISK --header {arguments.header}")
    if arguments.empty and (arguments.header is not None or arguments.action != "encrypt"):
        raise UserError("--empty is for encrypt without --header")
    arguments.in_front = arguments.header is None
    if arguments.in_front:
        arguments.header = arguments.disk
    ACTIONS[arguments.action](arguments)
    return 0


# What unlocks ---------------------------------------------------------------------------------------


def read_key_file(path):
    try:
        with open(path, "rb") as file:
            secret = file.read(8193)
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}") from None
    if not secret or len(secret) > 8192:
        raise UserError(f"{path} has {'nothing' if not secret else 'more than 8 KiB'} in it, which is no key")
    return secret


def ask(words):
    if not sys.stdin.isatty():
        raise UserError("there is no terminal to ask for a passphrase; give --key-file")
    return getpass.getpass(f"{words}: ").encode()


def secret(arguments):
    return read_key_file(arguments.key_file) if arguments.key_file else ask("passphrase")


def new_secret(path, words):
    if path:
        return read_key_file(path)
    first = ask(words)
    if not first:
        raise UserError("an empty passphrase protects nothing")
    if first != ask("the same once more"):
        raise UserError("these are two; nothing was changed")
    return first


# Conversions ----------------------------------------------------------------------------------------


def show_progress(done, whole, seconds_left):
    minutes = int(seconds_left // 60)
    left = f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min" if minutes else "less than a minute"
    progress.step(f"{done / 2**30:.1f} of {whole / 2**30:.1f} GiB, {100 * done // max(whole, 1)} %, {left} left")


def confirm(arguments, what):
    if arguments.yes:
        return
    if not sys.stdin.isatty():
        raise UserError(f"{what}: there is no terminal to ask whether that is meant; give --yes")
    print(f"{what}. A backup of it is a good thing to have.")
    if input("Type yes to go on: ").strip() != "yes":
        raise UserError("nothing was changed")


def check_new(arguments):
    """What must not be encrypted."""
    disk = arguments.disk
    if luks.is_header(disk):
        raise UserError(f"{disk} has a LUKS header in front, so it is encrypted already")
    if arguments.in_front and luks.is_partition(disk):
        raise UserError(f"{disk} is a partition, and a header in front is a whole disk's: say --header FILE")
    if luks.has_partitions(disk) and not arguments.whole and not arguments.empty:
        raise UserError(f"{disk} has a table of partitions: encrypt a partition, or say --whole, which leaves nothing on it "
                        "that firmware could start")  # fmt: skip
    if luks.size_bytes(disk) == 0 or luks.size_bytes(disk) % arguments.sector_size:
        raise UserError(f"{disk} is no whole number of sectors")
    if arguments.in_front and luks.size_bytes(disk) <= 2 * luks.FRONT_BYTES:
        raise UserError(f"{disk} is too small for a header in front")
    if arguments.in_front and not arguments.empty and not luks.ends_with_zeros(disk):
        raise UserError(f"{disk} has something in its last 32 MiB, which would be lost: make what is on it smaller and fill "
                        "these with zeros, or say --empty if nothing of it is wanted")  # fmt: skip


def convert(arguments, key):
    try:
        luks.convert(arguments.disk, arguments.header, key, show_progress)
    except KeyboardInterrupt:
        progress.clear()
        print("stopped; the same command goes on where it was", file=sys.stderr)
        raise
    progress.clear()


def begin_in_front(arguments, key):
    if arguments.empty:
        luks.format_in_front(arguments.disk, key, arguments.sector_size)
    else:
        luks.begin_encryption_in_front(arguments.disk, key, arguments.sector_size)


def encrypt(arguments):
    luks.check_unused(arguments.disk)
    begun = luks.is_header(arguments.disk) if arguments.in_front else os.path.exists(arguments.header)
    if begun and (state := luks.state(arguments.header)) != "encrypting":
        raise UserError(f"{arguments.header} is there, of a disk that is {state}: nothing was changed")
    if begun:
        luks.check_disk(arguments.header, arguments.disk)
        key = secret(arguments)
        luks.unlocked_slot(arguments.header, key)
    else:
        check_new(arguments)
        what = "will be encrypted, and ALL THAT IS ON IT IS LOST" if arguments.empty else "will be encrypted"
        confirm(arguments, f"{arguments.disk} ({luks.size_bytes(arguments.disk) / 2**30:.1f} GiB) {what}")
        key = new_secret(arguments.key_file, "passphrase")
        if arguments.in_front:
            begin_in_front(arguments, key)
        else:
            luks.begin_encryption(arguments.disk, arguments.header, key, arguments.sector_size)
    if not arguments.empty or begun:
        convert(arguments, key)
    print(f"{arguments.disk} is encrypted" + ("" if arguments.in_front else
          f"; without {arguments.header} nobody opens it: keep a copy elsewhere"))  # fmt: skip
    print(f"the boot line's word: {luks.option(arguments.disk, arguments.header)}")


def begin_decryption(arguments, in_front):
    """Returns the key."""
    key = secret(arguments)
    luks.unlocked_slot(arguments.disk if in_front else arguments.header, key)
    confirm(arguments, f"{arguments.disk} will be decrypted")
    if not in_front:
        luks.begin_decryption(arguments.disk, arguments.header, key)
        return key
    if os.path.exists(arguments.header):  # stopped before anything of the disk was moved
        os.unlink(arguments.header)
    luks.begin_decryption_in_front(arguments.disk, arguments.header, key)
    return key


def decrypt(arguments):
    luks.check_unused(arguments.disk)
    if arguments.in_front:
        raise UserError(f"{arguments.disk} begins with its header, which has to leave: say --header FILE for where it is kept "
                        "until all is done")  # fmt: skip
    in_front = luks.is_header(arguments.disk)
    begun = os.path.exists(arguments.header)
    if in_front and begun and not luks.is_copy(arguments.header, arguments.disk):
        raise UserError(f"{arguments.disk} begins with its header, and {arguments.header} is another file: say one that is not there")
    state = luks.state(arguments.disk if in_front else arguments.header)
    if begun and not in_front and state == "encrypted" and luks.data_bytes(arguments.header) != 0:
        # Stopped before the header told that the first data had moved into its place.
        luks.check_disk(arguments.header, arguments.disk)
        luks.put_back_in_front(arguments.disk, arguments.header)
        in_front = True
    if state not in ("encrypted", "decrypting"):
        raise UserError(f"{arguments.header} is of a disk that is {state}: nothing was changed")
    if state == "encrypted":
        if not in_front:
            luks.check_disk(arguments.header, arguments.disk)
        key = begin_decryption(arguments, in_front)
    else:
        luks.check_disk(arguments.header, arguments.disk)
        key = secret(arguments)
        luks.unlocked_slot(arguments.header, key)
    convert(arguments, key)
    print(f"{arguments.disk} is clear; take its encrypt= out of the boot line")


# Headers --------------------------------------------------------------------------------------------


def describe_token(token):
    day = token.get("day", "an unknown day")
    if token["type"] == card.TOKEN:
        return f"card of {token.get('name', 'nobody')}, since {day}"
    return f"TPM{' with a PIN' if token.get('pin') else ''}, sealed on {day} to PCR {', '.join(map(str, token.get('pcrs', [])))}"


def describe_slot(number, slot, recovery, sealed):
    if slot["type"] == "reencrypt":
        return f"  {number}: notes of the conversion"
    kdf = slot["kdf"]
    cost = f"{kdf['memory'] // 1024} MiB, {kdf['time']} times" if "memory" in kdf else f"{kdf['iterations']} iterations"
    if number in sealed:
        return f"  {number}: {describe_token(sealed[number][1])}"
    return f"  {number}: {'recovery key' if number in recovery else 'key'}, {kdf['type']}, {cost}"


def status(arguments):
    data, state = luks.metadata(arguments.header), luks.state(arguments.header)
    segments = [each for each in data["segments"].values() if each["type"] == "crypt"]
    print(f"{arguments.disk or 'the disk'}: {state}")
    if segments:
        print(f"cipher: {segments[0]['encryption']}, sectors of {segments[0]['sector_size']} bytes")
    print("keys:" if data["keyslots"] else "keys: none")
    for number, slot in sorted(data["keyslots"].items(), key=lambda each: int(each[0])):
        print(describe_slot(number, slot, luks.recovery_slots(data), luks.key_tokens(data)))
    if arguments.disk and state == "encrypted":
        print(f"the boot line's word: {luks.option(arguments.disk, arguments.header)}")


def check_whole(arguments):
    if (state := luks.state(arguments.header)) != "encrypted":
        raise UserError(f"{arguments.header} is of a disk that is {state}: its keys stay as they are")


def sealed_values(arguments):
    """{number: value} of the PCRs that a key is to be sealed to, by the event log of a start of Ritevisor."""
    try:
        numbers = sorted({int(word) for word in arguments.pcrs.split("+")})
    except ValueError:
        standard = "+".join(map(str, tpm.STANDARD_PCRS))
        raise UserError(f"--pcrs {arguments.pcrs}: numbers with + between them, as in {standard}") from None
    if tpm.PCR not in numbers or numbers[0] < 0 or numbers[-1] > 15 or len(numbers) > tpm.PCRS_MAXIMUM:
        raise UserError(f"--pcrs {arguments.pcrs}: of 0 to 15, {tpm.PCRS_MAXIMUM} at most, and {tpm.PCR} must be among them, "
                        "since no OS may unseal what Ritevisor does")  # fmt: skip
    path = arguments.event_log or tpm.KERNEL_LOG
    try:
        with open(path, "rb") as file:
            log = file.read()
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}") from None
    if not arguments.event_log and (now := tpm.read_pcrs(numbers)) != (said := tpm.replay(log, until_cap=False)):
        for number in numbers:
            if number < 8 and now[number] != said[number]:
                raise UserError(f"{path} does not give the value that PCR {number} has")
    values = tpm.replay(log, until_cap=True)
    return {number: values[number] for number in numbers}


def check_added(arguments):
    by_token = arguments.tpm2 or arguments.card
    if arguments.tpm2 and arguments.card:
        raise UserError("--tpm2 and --card are two keys: add one after the other")
    if by_token and arguments.in_front and not arguments.sealed:
        raise UserError("a header in front is read when TPM and card have been asked already: say --sealed FILE, and give "
                        "Ritevisor that file (encrypt=...,sealed=FILE)")  # fmt: skip
    if arguments.sealed and not by_token:
        raise UserError("--sealed is for --tpm2 and --card")
    if arguments.sealed and os.path.exists(arguments.sealed):
        raise UserError(f"{arguments.sealed} is there already; nothing was changed")


def tell_added(arguments, text):
    if arguments.sealed:
        with open(arguments.sealed, "x", encoding="ascii") as file:
            file.write(f"{text}\n")
    print(f"put {arguments.sealed or arguments.header} where Ritevisor takes it from" + ("" if arguments.sealed else ", as before"))


def add_key(arguments):
    check_whole(arguments)
    check_added(arguments)
    values = sealed_values(arguments) if arguments.tpm2 else None
    certificate = card.Certificate(arguments.card) if arguments.card else None
    key = secret(arguments)
    luks.unlocked_slot(arguments.header, key)
    if arguments.tpm2:
        pin = new_secret(arguments.new_key_file, "PIN") if arguments.pin else None
        new, text = tpm.seal(values, pin)
        slot = luks.add_token_key(arguments.header, key, new, lambda slot: tpm.token(slot, values, pin is not None, text))
        print(f"key {slot} was added; the TPM unseals it while these stay as they are:")
        for number in values:
            print(f"  PCR {number}{', ' + tpm.MEANING[number] if number in tpm.MEANING else ''}")
        tell_added(arguments, text)
    elif certificate:
        new, text = card.seal(certificate)
        slot = luks.add_token_key(arguments.header, key, new, lambda slot: card.token(slot, certificate, text))
        print(f"key {slot} was added; the card of {certificate.name} gives it, by its PIN")
        tell_added(arguments, text)
    else:
        print(f"key {luks.add_key(arguments.header, key, new_secret(arguments.new_key_file, 'new passphrase'))} was added")


def recovery_key(arguments):
    check_whole(arguments)
    key, slot = luks.add_recovery_key(arguments.header, secret(arguments))
    print(f"key {slot} was added. It is not shown again; write it down and keep it away from the machine:")
    print(key)


def remove_key(arguments):
    check_whole(arguments)
    if arguments.slot is None:
        raise UserError("say which key: --slot N; status lists them")
    luks.remove_key(arguments.header, secret(arguments), arguments.slot)
    print(f"key {arguments.slot} was removed; a copy of the header still has it")


def unlock_test(arguments):
    luks.metadata(arguments.header)
    print(f"that is key {luks.unlocked_slot(arguments.header, secret(arguments))}")


ACTIONS = {"status": status, "encrypt": encrypt, "decrypt": decrypt, "add-key": add_key, "remove-key": remove_key,
           "recovery-key": recovery_key, "unlock-test": unlock_test}  # fmt: skip
