"""GRUB: its configuration files and its core images for BIOS machines."""

from .errors import UserError, run_tool
from .paths import GRUB

# All that our configurations use is linked into the core image: nothing is loaded later.
COMMON_MODULES = ["biosdisk", "normal", "configfile", "serial", "terminal", "echo", "test", "boot"]
DISK_MODULES = COMMON_MODULES + ["part_msdos", "ext2", "linux", "multiboot", "multiboot2"]
MEDIUM_MODULES = COMMON_MODULES + ["iso9660", "part_msdos", "multiboot2", "keystatus", "sleep"]

# No screen-clearing menu on the serial line, only what the booted program prints.
SERIAL_CONSOLE = """\
serial --unit=0 --speed=115200
terminal_input console serial
terminal_output console serial
"""


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
    if not (GRUB / "boot.img").is_file():
        raise UserError(f"GRUB for BIOS is not in {GRUB}; run tools/setup")
    run_tool(
        ["grub-mkimage", "-O", image_format, "-d", str(GRUB), "-o", str(output), "-p", prefix]
        + modules
    )


def disk_config(load_lines):
    """Returns grub.cfg of a guest disk that has one thing to boot."""
    return f"{SERIAL_CONSOLE}set timeout=0\nmenuentry guest {{\n{load_lines}}}\n"


def medium_config(options, script_names, timeout_s):
    """Returns grub.cfg of the Ritevisor medium: as asked for, and a rescue without scripts."""
    arguments = "".join(" " + quote(option) for option in options)
    load = (
        f"\tmultiboot2 /boot/ritevisor.elf{arguments}\n"
        "\tmodule2 /boot/engine.elf engine\n"
    )
    scripts = "".join(
        f"\tmodule2 {quote('/boot/scripts/' + name)} script {quote(name)}\n"
        for name in script_names
    )
    return (
        SERIAL_CONSOLE
        + f"set default=0\nset timeout={timeout_s}\nset timeout_style=hidden\n"
        + f"menuentry 'Ritevisor' {{\n{load}{scripts}}}\n"
        + f"menuentry 'Ritevisor, rescue: no scripts' {{\n{load}}}\n"
    )
