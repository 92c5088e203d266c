"""GRUB: its configuration files and its core images."""

from .errors import UserError, how_to_get, run_tool
from .paths import GRUB, GRUB_EFI

# All that our configurations use is linked into the core image: nothing is loaded later.
COMMON_MODULES = ["normal", "configfile", "serial", "terminal", "echo", "test", "boot"]
DISK_MODULES = COMMON_MODULES + ["part_msdos", "ext2", "linux", "multiboot", "multiboot2"]
BIOS_DISK_MODULES = ["biosdisk"] + DISK_MODULES
EFI_DISK_MODULES = DISK_MODULES + ["fat", "all_video", "efi_gop"]
MEDIUM_MODULES = ["biosdisk"] + COMMON_MODULES + [
    "iso9660", "part_msdos", "multiboot2", "keystatus", "sleep",
]  # fmt: skip

SERIAL = "serial --unit=0 --speed=115200\n"
SERIAL_MENU = SERIAL + "terminal_input console serial\nterminal_output console serial\n"


def quote(text):
    """Quotes a word for grub.cfg."""
    if "\n" in text:
        raise UserError(f"a line break cannot be passed on a command line: {text!r}")
    return "'" + text.replace("'", "'\\''") + "'"


def quote_words(text):
    """Quotes a command line word by word, so that GRUB's shell changes none of it."""
    return " ".join(quote(word) for word in text.split())


def write_core_image(output, image_format, prefix, modules):
    """Links GRUB's core image; prefix is where it finds grub.cfg."""
    folder = GRUB_EFI if image_format == "x86_64-efi" else GRUB
    if not (folder / "moddep.lst").is_file():
        raise UserError(f"GRUB is not in {folder}; {how_to_get(folder.name)}")
    run_tool(
        ["grub-mkimage", "-O", image_format, "-d", str(folder), "-o", str(output), "-p", prefix]
        + modules
    )


def single_config(load_lines):
    """Returns grub.cfg with one thing to boot, at once.

    GRUB writes to the screen only, because it would clear a terminal on the serial line. When
    loading fails it tries again with the serial line, so that its messages are seen there too.
    """
    return f"{SERIAL}{load_lines}boot\nterminal_output console serial\n{load_lines}"


def menu_config(entries, menu_s):
    """Returns grub.cfg that boots the first entry unless a key is pressed within menu_s seconds.

    entries: pairs of a title and the lines that load it.
    """
    menu = "".join(f"menuentry {quote(title)} {{\n{lines}}}\n" for title, lines in entries)
    return f"{SERIAL_MENU}set default=0\nset timeout={menu_s}\nset timeout_style=hidden\n{menu}"


def medium_config(options, has_engine, script_names, menu_s, signed_names=(), file_names=()):
    """Returns grub.cfg of the Ritevisor medium; without menu_s it has no menu. signed_names: scripts
    that have their signature beside them. file_names: what options name, which no entry leaves out."""
    load = "multiboot2 /boot/ritevisor.elf" + "".join(" " + quote(option) for option in options)
    engine = "\nmodule2 /boot/engine.elf engine\n" if has_engine else "\n"
    engine += "".join(f"module2 {quote('/boot/files/' + name)} file {quote(name)}\n" for name in file_names)
    scripts = "".join(
        f"module2 {quote('/boot/scripts/' + name)} script {quote(name)}\n"
        for name in script_names
    )
    scripts += "".join(
        f"module2 {quote('/boot/scripts/' + name + '.minisig')} signature {quote(name)}\n"
        for name in signed_names
    )
    if not menu_s:
        return single_config(load + engine + scripts)
    normal = ("Ritevisor", load + engine + scripts)
    rescue = ("Ritevisor, rescue: no scripts", load + " rescue" + engine)
    check = ("Ritevisor, hardware check: no scripts", load + " rescue hwcheck=30" + engine)
    return menu_config([normal, rescue, check], menu_s)
