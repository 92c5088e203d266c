"""./ritevisor disk: encrypted disks by stock cryptsetup, on images; no test needs dm-crypt."""

import contextlib
import os
import re
import signal
import subprocess
import time

from harness import ROOT, expect, run, test
from inside import ritevisor

MIB = 1 << 20
CANARY = b"the quick brown fox lies in the clear. "
MODHEX = r"[cbdefghijklnrtuv]{8}"


def make_disk(work, mib=4, name="disk"):
    """An image and what was in it; each KiB another."""
    content = b"".join((CANARY + b"%08d" % number).ljust(1024, b".") for number in range(mib * 1024))
    (work / name).write_bytes(content)
    (work / "key").write_bytes(b"a passphrase")
    (work / "other").write_bytes(b"another passphrase")
    return work / name, content


def disk(work, *words, **options):
    return ritevisor("disk", *words, "--header", work / "header", **options)


def encrypt(work, image):
    return disk(work, "encrypt", image, "--key-file", work / "key", "--yes")


@test
def disk_is_encrypted_and_comes_back(work):
    image, content = make_disk(work)
    expect(encrypt(work, image), 0, "is encrypted", "encrypt=SERIAL,header=header")
    encrypted = image.read_bytes()
    assert len(encrypted) == len(content) and CANARY not in encrypted
    assert len({encrypted[at : at + 16] for at in range(0, len(encrypted), 16)}) == len(encrypted) // 16
    expect(disk(work, "status", image), 0, "disk: encrypted", "aes-xts-plain64, sectors of 512", "0: key, argon2id, 64 MiB, 4 times")
    # Once more: nothing is done to it.
    expect(encrypt(work, image), 1, "of a disk that is encrypted")
    expect(disk(work, "decrypt", image, "--key-file", work / "other", "--yes"), 1, "No key available")
    assert image.read_bytes() == encrypted
    expect(disk(work, "decrypt", image, "--key-file", work / "key", "--yes"), 0, "is clear")
    assert image.read_bytes() == content
    expect(disk(work, "status"), 0, "clear", "keys: none")


def ends_of(image):
    """The first and last KiB."""
    with open(image, "rb") as file:
        first = file.read(1024)
        file.seek(-1024, os.SEEK_END)
        return first, file.read()


def kill_amid(work, action, image, signal_number=signal.SIGKILL):
    """Kills the command, and cryptsetup with it, as soon as it has changed something of the disk. Returns how many of the disk's ends
    have changed, its status, and what it said."""
    before = ends_of(image)
    command = [ROOT / "ritevisor", "disk", action, image, "--header", work / "header", "--key-file", work / "key", "--yes"]
    child = subprocess.Popen([str(word) for word in command], cwd=ROOT, start_new_session=True, stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)  # fmt: skip
    end = time.monotonic() + 60
    while ends_of(image) == before and time.monotonic() < end:
        time.sleep(0.002)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal_number)
    said = child.communicate()[0]
    return sum(one != other for one, other in zip(before, ends_of(image))), child.returncode, said


@test
def disk_conversions_go_on_after_a_kill(work):
    image, content = make_disk(work, mib=96)
    assert kill_amid(work, "encrypt", image)[0] == 1, "the kill came when all was done, or nothing"
    expect(disk(work, "status"), 0, "encrypting")
    expect(disk(work, "add-key", "--key-file", work / "key", "--new-key-file", work / "other"), 1, "encrypting: its keys stay")
    expect(disk(work, "decrypt", image, "--key-file", work / "key", "--yes"), 1, "of a disk that is encrypting")
    expect(encrypt(work, image), 0, "is encrypted")
    encrypted = image.read_bytes()
    assert CANARY not in encrypted
    assert kill_amid(work, "decrypt", image)[0] == 1, "the kill came when all was done, or nothing"
    expect(disk(work, "status"), 0, "decrypting")
    expect(encrypt(work, image), 1, "of a disk that is decrypting")
    expect(disk(work, "decrypt", image, "--key-file", work / "key"), 0, "is clear")
    assert image.read_bytes() == content


@test
def disk_conversions_go_on_after_ctrl_c(work):
    """Which a terminal gives to all of its group."""
    image, content = make_disk(work, mib=96)
    for action, half, end in (("encrypt", "encrypting", "is encrypted"), ("decrypt", "decrypting", "is clear")):
        ends, status, said = kill_amid(work, action, image, signal.SIGINT)
        assert ends == 1, "it came when all was done, or nothing"
        assert status in (130, -signal.SIGINT) and said.count("the same command goes on") == 1, f"{status}: {said}"
        assert "Traceback" not in said and "error" not in said.lower(), said
        expect(disk(work, "status"), 0, half)
        expect(disk(work, action, image, "--key-file", work / "key", "--yes"), 0, end)
        assert (image.read_bytes() == content) == (action == "decrypt")


@test
def disk_keys_come_and_go(work):
    image, _ = make_disk(work)
    expect(encrypt(work, image), 0)
    key = ("--key-file", work / "key")
    expect(disk(work, "add-key", *key, "--new-key-file", work / "other"), 0, "key 1 was added")
    expect(disk(work, "unlock-test", "--key-file", work / "other"), 0, "that is key 1")
    recovery = disk(work, "recovery-key", *key)
    expect(recovery, 0, "key 2 was added")
    words = recovery.text.splitlines()[-1]
    assert re.fullmatch(rf"{MODHEX}(-{MODHEX}){{7}}", words), words
    # Typed at a prompt of stock cryptsetup's, it opens.
    (work / "typed").write_text(words)
    expect(run("/usr/sbin/cryptsetup", "open", "--test-passphrase", "-v", "--key-file", work / "typed", work / "header"),
           0, "Key slot 2 unlocked")  # fmt: skip
    expect(disk(work, "status"), 0, "2: recovery key, pbkdf2")
    expect(disk(work, "remove-key", *key, "--slot", "0"), 1, "key 0 is the one that you gave")
    expect(disk(work, "remove-key", *key, "--slot", "7"), 1, "no key 7; it has 0, 1, 2")
    expect(disk(work, "remove-key", *key), 1, "--slot")
    expect(disk(work, "remove-key", *key, "--slot", "1"), 0, "key 1 was removed")
    expect(disk(work, "unlock-test", "--key-file", work / "other"), 1, "No key available")
    expect(disk(work, "unlock-test", *key), 0, "that is key 0")


@test
def disk_refuses_what_it_would_destroy(work):
    image, content = make_disk(work)
    key = ("--key-file", work / "key")
    expect(ritevisor("disk", "encrypt", image), 1, "too small for a header in front")
    expect(disk(work, "encrypt", *key), 1, "say which disk")
    expect(disk(work, "encrypt", image, *key), 1, "give --yes")
    expect(disk(work, "encrypt", image, "--yes"), 1, "give --key-file")
    expect(disk(work, "encrypt", work, *key, "--yes"), 1, "neither a disk nor an image")
    expect(disk(work, "encrypt", work / "none", *key, "--yes"), 1, "No such file")
    expect(disk(work, "unlock-test", *key), 1, "No such file")
    for wrong, words in ((b"LUKS\xba\xbe".ljust(1024), "encrypted already"), (b"x" * 700, "no whole number of sectors"),
                         (b"".ljust(450) + b"\x07" + b"".ljust(59) + b"\x55\xaa", "a table of partitions")):  # fmt: skip
        (work / "wrong").write_bytes(wrong)
        expect(disk(work, "encrypt", work / "wrong", *key, "--yes"), 1, words)
        assert (work / "wrong").read_bytes() == wrong
    assert image.read_bytes() == content and not list(work.glob("header*"))
    # A header of another disk.
    expect(encrypt(work, image), 0)
    other, content = make_disk(work, mib=5, name="another")
    expect(disk(work, "decrypt", other, *key, "--yes"), 1, "belongs to another disk")
    assert other.read_bytes() == content
    (work / "header").write_bytes(b"no header at all")
    expect(disk(work, "status"), 1, "is no LUKS header")


@test
def disk_refuses_a_disk_in_use(work):
    image, content = make_disk(work)
    attached = run("losetup", "--find", "--show", image)
    if attached.returncode:
        return  # not root, or no loop devices
    device = attached.text.strip()
    try:
        expect(encrypt(work, image), 1, f"in use: {device} has it")
        assert not (work / "header").exists()
        # The loop device itself is a disk, and held by nobody.
        expect(encrypt(work, device), 0, "is encrypted")
        holder = os.open(device, os.O_RDONLY | os.O_EXCL)
        try:
            expect(disk(work, "decrypt", device, "--key-file", work / "key", "--yes"), 1, "mounted or otherwise in use")
        finally:
            os.close(holder)
        expect(disk(work, "decrypt", device, "--key-file", work / "key", "--yes"), 0, "is clear")
        assert image.read_bytes() == content
        run("/sbin/mke2fs", "-q", "-F", device)
        (work / "mounted").mkdir()
        if run("mount", device, work / "mounted").returncode == 0:  # where that may be done
            try:
                (work / "header").unlink()
                expect(encrypt(work, device), 1, "mounted or otherwise in use")
                expect(in_front(work, "encrypt", device, "--empty"), 1, "mounted or otherwise in use")
                assert not (work / "header").exists()
            finally:
                run("umount", work / "mounted")
    finally:
        run("losetup", "--detach", device)


def in_front(work, action, image, *words, **options):
    return ritevisor("disk", action, image, "--key-file", work / "key", "--yes", *words, **options)


def clear_in_front(work, image):
    """The header leaves its place again."""
    expect(in_front(work, "decrypt", image, "--header", work / "exported"), 0, "is clear")
    return image.read_bytes()


@test
def disk_has_its_header_in_front(work):
    image, content = make_disk(work, mib=96)
    expect(in_front(work, "encrypt", image), 1, "has something in its last 32 MiB")
    assert image.read_bytes() == content
    image.write_bytes(content[: 64 * MIB] + bytes(32 * MIB))
    expect(in_front(work, "encrypt", image, "--empty", "--header", work / "header"), 1, "--empty is for encrypt without --header")
    expect(in_front(work, "encrypt", image), 0, "is encrypted", "the boot line's word: encrypt=SERIAL\n")
    assert CANARY not in image.read_bytes(), f"clear at {image.read_bytes().find(CANARY)}"
    expect(in_front(work, "encrypt", image), 1, "of a disk that is encrypted")
    expect(in_front(work, "decrypt", image), 1, "say --header FILE for where it is kept")
    expect(in_front(work, "decrypt", image, "--header", work / "key"), 1, "begins with its header, and")
    expect(ritevisor("disk", "status", image), 0, "disk: encrypted", "0: key, argon2id, 64 MiB, 4 times")
    clear = clear_in_front(work, image)
    assert clear[: 64 * MIB] == content[: 64 * MIB], f"{len(clear)}: {clear[:40]}"


@test
def disk_with_its_header_in_front_is_converted_after_a_kill(work):
    image, content = make_disk(work, mib=192)
    content = content[: 160 * MIB]
    image.write_bytes(content + bytes(32 * MIB))
    command = [ROOT / "ritevisor", "disk", "encrypt", image, "--key-file", work / "key", "--yes"]
    kills = 0
    for delay in (0.2, 0.3, 0.5, 0.8):
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        end = time.monotonic() + 60
        while child.poll() is None and image.open("rb").read(4) != b"LUKS" and time.monotonic() < end:
            time.sleep(0.01)
        time.sleep(delay)
        if child.poll() is None:
            kills += 1
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
    assert kills != 0
    if "encrypting" in ritevisor("disk", "status", image).text:
        expect(in_front(work, "encrypt", image), 0, "is encrypted")
    assert CANARY not in image.read_bytes(), f"clear at {image.read_bytes().find(CANARY)}"
    assert clear_in_front(work, image)[: 160 * MIB] == content


@test
def disk_with_its_header_in_front_is_decrypted_after_a_kill(work):
    image, content = make_disk(work, mib=96)
    image.write_bytes(content[: 64 * MIB] + bytes(32 * MIB))
    expect(in_front(work, "encrypt", image), 0, "is encrypted")
    # As it is where cryptsetup was stopped when the header was copied, and what follows began to move into its place.
    with open(image, "r+b") as file:
        (work / "exported").write_bytes(file.read(16 * MIB))
        file.seek(0)
        file.write(bytes(4096))
    command = [ROOT / "ritevisor", "disk", "decrypt", image, "--header", work / "exported", "--key-file", work / "key", "--yes"]
    for delay in (0, 0.1, 0.3):
        before = ends_of(image)
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        end = time.monotonic() + 60
        while child.poll() is None and ends_of(image) == before and time.monotonic() < end:
            time.sleep(0.002)
        time.sleep(delay)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
    if ritevisor("disk", "status", "--header", work / "exported").text.partition("\n")[0] != "the disk: clear":
        clear_in_front(work, image)
    assert image.read_bytes()[: 64 * MIB] == content[: 64 * MIB]


@test
def disk_with_a_table_of_partitions_is_encrypted_whole(work):
    image, content = make_disk(work)
    content = content[:446] + b"\x80\x20\x21\x00\x83\x00\x00\x00\x00\x08\x00\x00\x00\x10\x00\x00".ljust(64, b"\0") + b"\x55\xaa" + content[512:]
    image.write_bytes(content)
    expect(disk(work, "encrypt", image, "--key-file", work / "key", "--yes", "--whole"), 0, "is encrypted")
    assert CANARY not in image.read_bytes()
    expect(disk(work, "decrypt", image, "--key-file", work / "key", "--yes"), 0, "is clear")
    assert image.read_bytes() == content


@test
def disk_that_is_empty_gets_its_header_in_front(work):
    image, _ = make_disk(work, mib=96)
    expect(in_front(work, "encrypt", image, "--empty"), 0, "is encrypted")
    expect(in_front(work, "recovery-key", image), 0, "key 1 was added")
    expect(in_front(work, "unlock-test", image), 0, "that is key 0")
    small = work / "small"
    small.write_bytes(bytes(64 * MIB))
    expect(in_front(work, "encrypt", small, "--empty"), 1, "too small")
