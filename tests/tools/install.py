"""Tests of tools/host/install.py and boot_entry.py, on made-up partitions and boot entries."""

import hashlib
import os
import sys

from harness import ROOT, expect, fake_commands, run, test

sys.path.insert(0, str(ROOT / "tools"))

from host import boot_entry, images, install, paths, uefi  # noqa: E402
from host.errors import UserError  # noqa: E402

UUID = "c12a7328-f81f-11d2-ba4b-00a0c93ec93b"
OTHER = "0fc63daf-8483-4772-8e79-3d69d8477de4"


def refusal(function, *arguments):
    try:
        function(*arguments)
    except UserError as error:
        return str(error)
    raise AssertionError("it was not refused")


def filler(**files):
    def fill(folder):
        folder.mkdir()
        for name, text in files.items():
            (folder / name).write_text(text)

    return fill


# Files ------------------------------------------------------------------------------------------


@test
def install_ignores_a_list_that_names_files_elsewhere(work):
    folder = work / install.FOLDER
    folder.mkdir(parents=True)
    (work / "precious").write_text("mine")
    value = hashlib.sha256(b"mine").hexdigest()
    (folder / install.LIST_NAME).write_text(
        f"{value} ../../precious\n{value} {work}/precious\nnonsense\n"
    )
    assert "nothing of Ritevisor" in refusal(install.uninstall, work)
    assert (work / "precious").read_text() == "mine"


@test
def install_leaves_no_unfinished_file(work):
    folder, _ = install.install(work, filler(a="1", b="2"))
    stale = folder / (install.UNFINISHED_PREFIX + "x" + install.UNFINISHED_SUFFIX)
    stale.write_text("half")
    foreign = folder / "a.new"
    foreign.write_text("mine")
    install.install(work, filler(a="3", b="2"))
    assert not stale.exists() and foreign.read_text() == "mine"
    assert (folder / "a").read_text() == "3"
    stale.write_text("half")
    assert install.uninstall(work) == []
    assert sorted(path.name for path in folder.iterdir()) == ["a.new"]


@test
def install_says_what_stays_of_an_earlier_one(work):
    folder, kept = install.install(work, filler(a="1", b="2"))
    assert kept == []
    (folder / "b").write_text("changed")
    assert "was changed since" in refusal(install.install, work, filler(a="1", b="2"))
    folder, kept = install.install(work, filler(a="1"))
    assert kept == ["b"] and (folder / "b").read_text() == "changed"
    assert install.uninstall(work) == ["b"]


@test
def install_counts_the_space_of_what_it_replaces(work):
    made, folder = work / "made", work / "there"
    made.mkdir()
    folder.mkdir()
    free = os.statvfs(work).f_bavail * os.statvfs(work).f_frsize
    for name in ("one", "two"):
        with open(made / name, "wb") as file:
            file.truncate(free // 2)  # sparse: takes no space itself
    assert "KiB more are needed" in refusal(
        install.refuse_without_space, work, folder, made, ["one", "two"]
    )
    with open(folder / "one", "wb") as file:
        file.truncate(free // 2)
    install.refuse_without_space(work, folder, made, ["one"])
    install.refuse_without_space(work, folder, made, ["one", "two"])


@test
def install_refuses_a_list_of_somebody_else(work):
    folder = work / install.FOLDER
    folder.mkdir(parents=True)
    (folder / install.LIST_NAME).write_text("my notes\n")
    assert "lists nothing of Ritevisor" in refusal(install.install, work, filler(a="1"))
    assert [path.name for path in folder.iterdir()] == [install.LIST_NAME]


@test
def install_writes_nothing_where_a_folder_cannot_be(work):
    def fill(folder):
        (folder / "scripts").mkdir(parents=True)
        (folder / "scripts" / "a.rb").write_text("1")
        (folder / "a").write_text("2")

    folder, elsewhere = work / install.FOLDER, work / "elsewhere"
    folder.mkdir(parents=True)
    elsewhere.mkdir()
    for make in (lambda at: at.write_text("mine"), lambda at: at.symlink_to(elsewhere)):
        make(folder / "scripts")
        assert "is no folder" in refusal(install.install, work, fill)
        assert [path.name for path in folder.iterdir()] == ["scripts"]
        (folder / "scripts").unlink()
    assert not any(elsewhere.iterdir())


@test
def uninstall_leaves_what_is_not_ours(work):
    folder, _ = install.install(work, filler(a="1"))
    (folder / "empty").mkdir()
    (folder / (install.UNFINISHED_PREFIX + "x" + install.UNFINISHED_SUFFIX)).mkdir()
    (folder / install.COUNTER_NAME).write_text("my notes\n")
    before = sorted(path.name for path in folder.iterdir())
    assert install.uninstall(work) == []
    after = sorted(path.name for path in folder.iterdir())
    assert after == [name for name in before if name not in ("a", install.LIST_NAME)]
    folder, _ = install.install(work, filler(a="1"))
    (folder / install.COUNTER_NAME).write_text("2\n")
    install.uninstall(work)
    assert not (folder / install.COUNTER_NAME).exists()


@test
def configuration_is_what_the_loader_takes(work):
    def text(options=(), scripts=(), chain=""):
        return uefi.config_text(options=options, has_engine=True, script_names=scripts,
                                extra=[f"chain={chain}"])  # fmt: skip

    assert "options=a b\n" in text(["a", "b"])
    assert "too long" in refusal(text, ["x" * 1020])
    assert "too long" in refusal(text, (), ["x" * 250])
    assert "too long" in refusal(text, (), (), "x" * 256)
    assert "ASCII" in refusal(text, (), (), "\\EFI\\gr\u00fcn.efi")
    assert "line break" in refusal(text, (), (), "a\nattempts=0")
    scripts = [work / f"{number}.rb" for number in range(images.SCRIPTS_MAXIMUM + 1)]
    for script in scripts:
        script.write_text("")
    assert "64 are the most" in refusal(images.script_names, scripts)
    assert len(images.script_names(scripts[1:])) == images.SCRIPTS_MAXIMUM


@test
def configuration_that_is_sealed_has_no_rescue_unless_asked_for(work):
    key, certificate = work / "key.pem", work / "certificate.pem"
    made = run("openssl", "req", "-new", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "9",
               "-subj", "/CN=test/", "-keyout", key, "-out", certificate)  # fmt: skip
    expect(made, 0)
    signed = ["--sign-key", key, "--sign-certificate", certificate]
    for number, (words, has_rescue) in enumerate(
        [([], True), (["--seal"], False), (signed, False), ([*signed, "--rescue"], True)]
    ):
        partition = work / str(number)
        partition.mkdir()
        expect(run("./ritevisor", "install", "--esp", partition, "--no-entry", *words), 0, "installed into")
        lines = (partition / install.FOLDER / "ritevisor.conf").read_text().splitlines()
        assert ("rescue_key_ms=500" in lines) == ("attempts=3" in lines) == has_rescue, lines
        assert ("rescue_key_ms=0" in lines) == ("attempts=0" in lines) != has_rescue, lines


@test
def images_that_are_sealed_have_no_rescue_unless_asked_for(work):
    for is_rescue in (False, True):
        folder = work / str(is_rescue)
        images.fill_uefi_folder(folder, "a.efi", paths.HYPERVISOR, None, [], [], 3000, 3,
                                uefi.UefiOptions(seal=True, rescue=is_rescue))  # fmt: skip
        told = (folder / "ritevisor.conf").read_text()
        assert ("rescue_key_ms=3000" in told) == is_rescue == ("attempts=3" in told), told


# Boot entries -----------------------------------------------------------------------------------

EFIBOOTMGR = """
case "$1" in
-v) [ -e {entries} ] || exit 2; echo "BootOrder: 0007,0008"; cat {entries} ;;
--create) printf '%%s\\n' "Boot0007* Ritevisor HD($5,GPT,%s,0x800,0x1)/File($9)" >>{entries} ;;
--quiet) sed -i "/^Boot$3/d" {entries} ;;
esac""" % UUID


class Firmware:
    """Puts a findmnt and an efibootmgr in place that know one mounted partition."""

    def __init__(self, work, mounted=f"vfat /dev/sda1 {UUID}", entries=""):
        self.entries = work / "entries"
        self.entries.write_text(entries)
        commands = fake_commands(
            work,
            findmnt=f"echo {mounted}" if mounted else "exit 1",
            efibootmgr=EFIBOOTMGR.format(entries=self.entries),
        )
        self.path = os.environ["PATH"]
        os.environ.update(commands)
        self.variables, boot_entry.VARIABLES = boot_entry.VARIABLES, work
        self.blocks = work / "block"
        partition = work / "devices" / "sda" / "sda1"
        partition.mkdir(parents=True)
        (partition / "partition").write_text("1\n")
        self.blocks.mkdir()
        (self.blocks / "sda1").symlink_to(partition)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        os.environ["PATH"] = self.path
        boot_entry.VARIABLES = self.variables

    def partition(self):
        return boot_entry.partition_at("/esp", self.blocks)


@test
def boot_entry_is_added_once_and_removed(work):
    others = f"Boot0001* debian\tHD(1,GPT,{UUID},0x800,0x1)/File(\\EFI\\debian\\shimx64.efi)\n" \
             f"Boot0002* Ritevisor\tHD(1,GPT,{OTHER},0x800,0x1)/File({install.LOADER})\n" \
             f"Boot0003* Ritevisor\tHD(2,GPT,{UUID},0x800,0x1)/File({install.LOADER})\n"  # fmt: skip
    with Firmware(work, entries=others) as firmware:
        for _ in range(2):
            assert boot_entry.add(firmware.partition(), install.LOADER)
            assert boot_entry.Entries(firmware.partition(), install.LOADER).in_use == ["0007"]
        assert boot_entry.remove(firmware.partition(), install.LOADER)
        assert firmware.entries.read_text() == others


@test
def boot_entry_needs_a_partition_that_is_mounted_there(work):
    with Firmware(work, mounted="") as firmware:
        assert firmware.partition() is None
        assert not boot_entry.add(None, install.LOADER)
        assert not boot_entry.remove(None, install.LOADER)
        assert "DISK" in boot_entry.create_command(None, install.LOADER)
        assert firmware.entries.read_text() == ""


@test
def boot_entry_needs_a_fat_file_system(work):
    with Firmware(work, mounted=f"ext4 /dev/sda1 {UUID}") as firmware:
        assert firmware.partition() is None


@test
def boot_entry_knows_partitions_of_an_mbr(work):
    with Firmware(work, mounted="vfat /dev/sda1 0004a1bc-01") as firmware:
        partition = firmware.partition()
        assert partition.is_named_by("HD(1,MBR,0x4a1bc,0x800,0x1)/File(x)")
        assert not partition.is_named_by("HD(1,MBR,0x4a1bd,0x800,0x1)/File(x)")
        assert not partition.is_named_by("PciRoot(0x0)/Pci(0x1,0x0)")


@test
def boot_entry_that_is_not_in_use_is_made_anew(work):
    path = f"HD(1,GPT,{UUID},0x800,0x1)/File({install.LOADER})"
    for line in (f"Boot0008  Ritevisor\t{path}\n", f"Boot0009* Ritevisor\t{path}\n"):
        folder = work / line[:8]
        folder.mkdir()
        with Firmware(folder, entries=line) as firmware:
            assert boot_entry.add(firmware.partition(), install.LOADER)
            entries = boot_entry.Entries(firmware.partition(), install.LOADER)
            assert entries.all == entries.in_use == ["0007"]


@test
def boot_entry_is_not_taken_for_gone_where_nothing_can_be_read(work):
    with Firmware(work) as firmware:
        firmware.entries.unlink()
        assert not boot_entry.add(firmware.partition(), install.LOADER)
        assert not boot_entry.remove(firmware.partition(), install.LOADER)
