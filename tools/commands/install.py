"""./ritevisor install and uninstall: files on an EFI system partition."""

import shlex

from commands import options
from host import boot_entry, images, install

INSTALL_EXAMPLES = """\
examples:
  ./ritevisor install --esp /boot/efi --script scripts/hello.rb
  ./ritevisor install --esp /boot/efi --chain '\\EFI\\debian\\grubx64.efi'
  ./ritevisor install --esp /boot/efi --sign-key db.key --sign-certificate db.crt

A file that Ritevisor did not install is never overwritten. docs/uefi.md tells the rest.
"""

RESCUE_KEY_MS = 500  # how long the installed loader waits for R


def add(commands):
    parser = options.add_command(
        commands, "install", install_files, "install onto an EFI system partition",
        INSTALL_EXAMPLES,
    )  # fmt: skip
    options.add_script_options(parser)
    options.add_check_option(parser)
    options.add_uefi_options(parser)
    removal = options.add_command(
        commands, "uninstall", uninstall_files, "remove what install put there"
    )
    for each in (parser, removal):
        each.add_argument("--esp", metavar="DIR", required=True,
                          help="where the EFI system partition is mounted")  # fmt: skip
        each.add_argument("--no-entry", action="store_true",
                          help="leave the firmware's boot entries alone")  # fmt: skip


def install_files(arguments):
    options.check_script_options(arguments)
    options.check_scripts(arguments)
    names = images.script_names(arguments.script)
    files = list(zip(images.file_names(arguments.file), arguments.file))
    folder, kept = install.install(
        arguments.esp,
        lambda made: images.fill_uefi_folder(
            made, install.LOADER_NAME, arguments.hypervisor, arguments.engine,
            list(zip(names, arguments.script)), arguments.option,
            RESCUE_KEY_MS, images.RESCUE_ATTEMPTS, options.uefi_options(arguments),
            files,
        ),
    )  # fmt: skip
    report_kept(kept)
    print(f"installed into {folder}")
    if arguments.no_entry:
        return 0
    partition = boot_entry.partition_at(arguments.esp)
    if partition is None:
        print(f"no EFI system partition is mounted at {arguments.esp}, so no boot entry was added")
    if boot_entry.add(partition, install.LOADER):
        print(f"the firmware has a boot entry for it, {boot_entry.LABEL}")
    else:
        print("to add a boot entry, run:")
        print("  " + shlex.join(boot_entry.create_command(partition, install.LOADER)))
    return 0


def uninstall_files(arguments):
    partition = boot_entry.partition_at(arguments.esp)
    kept = install.uninstall(arguments.esp)
    report_kept(kept)
    if not arguments.no_entry and not boot_entry.remove(partition, install.LOADER):
        print("the firmware's boot entries were left alone; `efibootmgr` lists and removes them")
    print("removed, except for what stays" if kept else "removed")
    return 0


def report_kept(names):
    for name in names:
        print(f"{name} was changed since it was installed, so it stays")
