#!/usr/bin/env python3
"""Cuts the power of a machine whose guest writes records to an encrypted disk (tests/guest/flushed.c): kills QEMU.

cuts.py kill NUMBER COMMAND...   boots, kills QEMU amid it, has stock cryptsetup decrypt what is left; NUMBER times
cuts.py log COMMAND...           boots once, QEMU writes a log of all that it does to the disk; then each beginning of that log, as
                                 far as it may be after a cut, is put on a disk and decrypted

What the guest has been told is flushed has to be there, and no sector may be what was never written. The command has @KEYS@ among
Ritevisor's words, and @DISK@ where QEMU's -blockdev says what the disk is.
"""

import os
import random
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

import xts  # noqa: E402

PASSPHRASE = b"correct horse battery staple"
DISK_BYTES = 2 << 20
SECTOR_BYTES = 512
RECORD_BYTES = 4096  # tests/guest/flushed.c
RECORDS = 256
AT_ONCE = 4
MOST_FLUSHES = 150
LOGGED_FLUSHES = 300
BEGINNINGS = 60
PATIENCE_S = 60
# Documentation/admin-guide/device-mapper/log-writes.rst
LOG_MAGIC, LOG_FLUSH, LOG_DISCARD = 0x6A736677736872, 1, 4


def record(number):
    return b"record    %06d" % number * (SECTOR_BYTES // 16)


def problems(data, flushed):
    """What is wrong with the records on a disk in clear, if the first `flushed` of them were."""
    wrong = []
    for slot in range(RECORDS):
        least = slot + (flushed - 1 - slot) // RECORDS * RECORDS if flushed > slot else None
        for at in range(slot * RECORD_BYTES, (slot + 1) * RECORD_BYTES, SECTOR_BYTES):
            sector = data[at : at + SECTOR_BYTES]
            if least is None:  # written or not
                continue
            match = re.match(rb"record    (\d{6})", sector)
            if match is None or sector != record(int(match[1])):
                wrong.append(f"sector {at // SECTOR_BYTES} is none of a record")
            elif int(match[1]) % RECORDS != slot or int(match[1]) < least:
                wrong.append(f"sector {at // SECTOR_BYTES} is of record {int(match[1])}, not {least}")
    return wrong


def make_header(folder):
    (folder / "disk.img").write_bytes(bytes(DISK_BYTES))
    (folder / "disk.key").write_bytes(PASSPHRASE)
    subprocess.run(
        ["cryptsetup", "luksFormat", "--batch-mode", "--type", "luks2", "--header", folder / "disk.luks",
         "--sector-size", str(SECTOR_BYTES), "--cipher", "aes-xts-plain64", "--key-size", "512", "--pbkdf", "pbkdf2",
         "--pbkdf-force-iterations", "1000", folder / "disk.img", folder / "disk.key"],
        check=True, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def boot(command, folder, disk, flushes):
    """Kills QEMU when the guest has flushed so often. Returns how many records are flushed at least: on a busy machine the console
    loses characters, so a number may lack some of its own, which makes it smaller."""
    words = []
    for word in command:
        words += ["--file", str(folder / "disk.luks"), "--file", str(folder / "disk.key"),
                  "--option", "encrypt=RV1,header=disk.luks,key=disk.key"] if word == "@KEYS@" else [word.replace("@DISK@", disk)]  # fmt: skip
    program = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True)
    flushed = said = 0
    for line in program.stdout:
        match = re.match(r"flushed (\d+)", line)
        if "is encrypted" in line or "not ok" in line or "error" in line:
            print(line.rstrip(), flush=True)
        if match:
            flushed, said = max(flushed, int(match[1])), said + 1
            if said == flushes:
                os.killpg(program.pid, signal.SIGKILL)
    program.wait(PATIENCE_S)
    return flushed


def decrypt(folder):
    """By stock cryptsetup, which writes the clear data in the place of the others. Both files are others then."""
    shutil.copy(folder / "disk.luks", folder / "opened.luks")
    subprocess.run(
        ["cryptsetup", "reencrypt", "--decrypt", "--batch-mode", "--force-offline-reencrypt", "--header", folder / "opened.luks",
         "--key-file", folder / "disk.key", folder / "disk.img"],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    return (folder / "disk.img").read_bytes()


def kill(number, command, folder):
    chance = random.Random(1)
    for cut in range(number):
        make_header(folder)
        flushes = chance.randrange(1, MOST_FLUSHES)
        flushed = boot(command, folder, f"driver=file,filename={folder}/disk.img,cache.no-flush=on", flushes)
        wrong = problems(decrypt(folder), flushed)
        print(f"cut {cut + 1}: {'some' if flushed >= flushes * AT_ONCE // 2 else 'no'} records,", "; ".join(wrong[:3]) or "all are there", flush=True)


def log_entries(path):
    """Yields (flags, first byte, data) of a log, in the order in which QEMU took them."""
    with open(path, "rb") as file:
        magic, _, nr_entries, sector_bytes = struct.unpack("<QQQI", file.read(28))
        if magic != LOG_MAGIC:
            sys.exit(f"{path} is no log")
        file.seek(sector_bytes)
        for _ in range(nr_entries):
            sector, sectors, flags, data_bytes = struct.unpack("<QQQQ", file.read(sector_bytes)[:32])
            has_data = sectors != 0 and not flags & LOG_DISCARD
            yield flags, sector * sector_bytes, file.read(sectors * sector_bytes) if has_data else b""


def volume_key(folder):
    subprocess.run(
        ["cryptsetup", "luksDump", "--batch-mode", "--dump-volume-key", "--volume-key-file", folder / "volume.key",
         "--key-file", folder / "disk.key", folder / "disk.luks"],
        check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    return (folder / "volume.key").read_bytes()


def log(command, folder):
    make_header(folder)
    disk = ("driver=blklogwrites,file.driver=file,file.filename={0}/disk.img,file.cache.no-flush=on,"
            "log.driver=file,log.filename={0}/disk.log,log.cache.no-flush=on".format(folder))  # fmt: skip
    (folder / "disk.log").write_bytes(b"")
    flushed = boot(command, folder, disk, LOGGED_FLUSHES)
    entries, key = list(log_entries(folder / "disk.log")), volume_key(folder)
    print(f"log: {'some' if len(entries) > LOGGED_FLUSHES * AT_ONCE else 'few'} entries of {flushed} records", flush=True)
    ends = sorted(random.Random(1).sample(range(1, len(entries)), min(BEGINNINGS, len(entries) - 1)))
    image, flushes, nr_wrong = bytearray(DISK_BYTES), 0, 0
    for number, (flags, at, data) in enumerate(entries, 1):
        image[at : at + len(data)] = data
        flushes += flags & LOG_FLUSH != 0
        if number in ends:
            wrong = problems(xts.decrypt(key, bytes(image[: RECORDS * RECORD_BYTES])), flushes * AT_ONCE)
            nr_wrong += bool(wrong)
            print(*(f"beginning of {number}: {each}" for each in wrong[:2]), sep="\n", end="\n" if wrong else "")
    print("log:", "a flush for each that the guest was told of" if flushes * AT_ONCE >= flushed else f"{flushes} flushes, and {flushed} records")
    print(f"log: {len(ends)} beginnings, {nr_wrong} of them wrong", flush=True)


def main(arguments):
    with tempfile.TemporaryDirectory() as folder:
        if arguments[0] == "kill":
            kill(int(arguments[1]), arguments[2:], Path(folder))
        else:
            log(arguments[1:], Path(folder))


if __name__ == "__main__":
    main(sys.argv[1:])
