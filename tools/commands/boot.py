"""./ritevisor boot: a guest under Ritevisor in an emulator."""

import contextlib
import os
import shlex
import tempfile

from commands import options
from host import bochs, console, images, kvm, machine, paths, progress, uefi
from host.errors import UserError

BOOT_EXAMPLES = """\
examples:
  ./ritevisor boot --script scripts/hello.rb        the built-in guest, with a script
  ./ritevisor boot --bare                           the same guest without Ritevisor
  ./ritevisor boot --disk debian.qcow2 --snapshot   your disk; nothing is written to it
  ./ritevisor boot --kernel bzImage --initrd initrd.gz --append console=ttyS0
  ./ritevisor boot --multiboot tiny.elf             a bare-metal program as the guest
  ./ritevisor boot -e 'on(:port_read, 0x71) { |io| log "rtc", value: io.value }'
  ./ritevisor boot --run 'lspci; probe in8 0x71'    commands inside the built-in guest
  ./ritevisor boot -- -icount shift=0,sleep=off     what follows -- goes to QEMU

  ./ritevisor boot --cpu intel                      on an emulated Intel CPU, in Bochs
  ./ritevisor boot --accel kvm                      on this machine's CPU, if KVM can nest

The built-in guest is Debian's kernel for clouds and BusyBox. A clone has fetched the kernel when it
was built; an installed copy does so by apt, which needs a network once and no root, and keeps it in
~/.cache/ritevisor ($RITEVISOR_CACHE), some 230 MB.

Ctrl-C ends the run. The exit status is 0 only if the guest powered off and Ritevisor
printed its summary (unless --no-summary).
"""

# MiB, by whether it is Bochs, which is slower the more it has.
DEFAULT_MEMORY = {False: "1024", True: "256"}
MEMORY_MINIMUM = 48

# QEMU emulates in this machine's time, some hundred times slower than a CPU, or worse if the
# machine is busy; the hypervisor, which notices, takes longer budgets then. With -icount, time is
# exact, and they can be those of a real machine.
EXACT_OPTIONS = ["budget_us=2000", "load_budget_ms=10000"]


def add(commands):
    parser = options.add_command(
        commands, "boot", boot, "boot a guest under Ritevisor in QEMU or Bochs", BOOT_EXAMPLES
    )
    parser.usage = "ritevisor boot [options] [-- QEMU OPTIONS | BOCHSRC LINES]"
    options.add_script_options(parser)
    parser.add_argument("-e", dest="code", action="append", default=[], metavar="CODE",
                        help="a line of a script of its own; may be given again")  # fmt: skip
    what = parser.add_argument_group("the guest (default: a Debian kernel that prints facts)")
    what.add_argument("--disk", metavar="IMAGE", help="boot from this disk image (raw or qcow2)")
    what.add_argument("--snapshot", action="store_true", help="do not write to IMAGE")
    what.add_argument("--kernel", metavar="K", help="boot this Linux kernel")
    what.add_argument("--initrd", metavar="I", help="with this initramfs")
    what.add_argument("--multiboot", metavar="K", help="boot this multiboot program")
    what.add_argument("--append", metavar="A", help="command line of the kernel or program")
    what.add_argument("--run", metavar="COMMANDS", help="shell commands for the built-in guest")
    what.add_argument("--bare", action="store_true", help="without Ritevisor, to compare")
    how = parser.add_argument_group("the machine")
    how.add_argument("--cpu", choices=["amd", "intel"],
                     help="whose CPU: amd in QEMU (default), intel in Bochs, without keyboard")  # fmt: skip
    how.add_argument("--emulator", choices=["qemu", "bochs"],
                     help="qemu, or bochs, also for amd, whose CPU catches INITs there")  # fmt: skip
    how.add_argument("--accel", choices=["kvm"],
                     help="QEMU on this machine's own CPU, whose vendor is then --cpu")  # fmt: skip
    how.add_argument("--firmware", choices=["bios", "uefi"], default="bios",
                     help="what starts the machine (default bios)")  # fmt: skip
    how.add_argument("--machine", choices=["pc", "q35"], default="pc",
                     help="its chipset (default pc; q35 has PCI Express)")  # fmt: skip
    how.add_argument("--disk-bus", choices=sorted(machine.DISK_DEVICES), default="ide",
                     help="what the guest's disk is (ide is AHCI on q35; default ide)")  # fmt: skip
    how.add_argument("--nic", choices=machine.NICS, default=machine.NICS[0],
                     help="its network card (default e1000)")  # fmt: skip
    how.add_argument("--smp", type=int, default=1, metavar="N", help="CPUs (default 1)")
    how.add_argument("--threads", choices=["single", "multi"],
                     help="one of QEMU's threads for all CPUs, or one each (default: multi, but single for an OS, "
                          "where QEMU is older than 8.2 and loses accesses to devices)")  # fmt: skip
    how.add_argument("--memory", metavar="M",
                     help="MiB, or 2G (default 1024 in QEMU, 256 in Bochs)")  # fmt: skip
    how.add_argument("--smm", choices=["on", "off"], default="off", help="default off")
    how.add_argument("--log", metavar="FILE",
                     help="write Ritevisor's log and what scripts print to FILE, not here")  # fmt: skip
    how.add_argument("--shared-console", action="store_true",
                     help="let Ritevisor log on the guest's COM1, as Bochs does always")  # fmt: skip
    how.add_argument("--control", metavar="SOCKET",
                     help="scripts are loaded by this socket: ritectl --wire SOCKET (docs/control.md)")  # fmt: skip
    how.add_argument("--no-summary", action="store_true",
                     help="leave the guest's power-off alone, so no summary")  # fmt: skip
    how.add_argument("--timeout", type=options.seconds, metavar="S", help="fail after so many seconds")
    how.add_argument("--dry-run", action="store_true",
                     help="print the emulator's command, leave the files that it names, and stop")  # fmt: skip


def check_guest_options(arguments):
    """Refuses combinations that would silently ignore something."""
    chosen = [name for name in ("disk", "kernel", "multiboot") if getattr(arguments, name)]
    if len(chosen) > 1:
        raise UserError("give only one of " + ", ".join("--" + name for name in chosen))
    if arguments.initrd and not arguments.kernel:
        raise UserError("--initrd needs --kernel")
    if arguments.append is not None and arguments.disk:
        raise UserError("--append has no effect with --disk: the disk's own loader decides")
    if arguments.snapshot and not arguments.disk:
        raise UserError("--snapshot needs --disk; other guests' disks are thrown away anyway")
    if arguments.run and chosen:
        raise UserError("--run is for the built-in guest")
    if arguments.bare and (arguments.script or arguments.option or arguments.code or arguments.log):
        raise UserError("--bare boots without Ritevisor: no --script, -e, --option or --log with it")
    if arguments.log and (is_bochs(arguments) or arguments.shared_console):
        raise UserError("--log needs the log's own channel, which Bochs and --shared-console lack")
    if arguments.control and (arguments.bare or is_bochs(arguments)):
        raise UserError("--control needs Ritevisor in QEMU")
    if arguments.accel and arguments.emulator == "bochs":
        raise UserError("--accel is QEMU's, not Bochs's")
    if arguments.threads and (is_bochs(arguments) or arguments.accel):
        raise UserError("--threads is for CPUs that QEMU emulates, not for " + ("Bochs's" if is_bochs(arguments) else "KVM's"))
    if arguments.cpu == "intel" and arguments.emulator == "qemu" and not arguments.accel:
        raise UserError("QEMU does not emulate Intel's VMX: that is Bochs's, or --accel kvm's")
    if arguments.smp < 1:
        raise UserError("--smp needs at least 1")
    if is_bochs(arguments) and (
        arguments.machine != "pc" or arguments.smm != "off" or arguments.firmware != "bios"
        or arguments.disk_bus != "ide" or arguments.nic != machine.NICS[0]
    ):
        raise UserError(
            "Bochs is --machine pc --firmware bios --disk-bus ide --nic e1000, and its SMM is not ours to choose"
        )


def is_bochs(arguments):
    chosen = arguments.emulator or ("bochs" if arguments.cpu == "intel" else "qemu")
    return chosen == "bochs" and not arguments.accel


def guest_disk(arguments, work):
    """Returns the disk to boot; one that has to be made first goes into the folder work."""
    made = os.path.join(work, "guest.img")
    if arguments.disk:
        return arguments.disk
    if arguments.kernel:
        images.build_linux_disk(made, arguments.kernel, arguments.initrd, arguments.append or "")
    elif arguments.multiboot:
        images.build_multiboot_disk(made, arguments.multiboot, arguments.append or "")
    elif arguments.run or arguments.append is not None or not paths.IS_SOURCE:
        append, kernel = images.guest_append(arguments.append, arguments.run), images.guest_kernel()
        images.build_linux_disk(made, kernel, guest_initrd(work), append)
    else:
        return str(paths.GUEST_DISK)
    return made


def guest_initrd(work):
    """Returns the built-in guest's initramfs; of an installed copy, which has its own parts of it only, a new one."""
    if paths.IS_SOURCE:
        return str(paths.GUEST_INITRD)
    images.build_initrd(os.path.join(work, "initrd.gz"))
    return os.path.join(work, "initrd.gz")


def one_liner(code, work):
    """Returns the path of the script that -e gives, in a list, or an empty one."""
    if not code:
        return []
    path = os.path.join(work, "one_liner.rb")
    with open(path, "w", errors="surrogateescape") as file:
        file.write("\n".join(code) + "\n")
    return [path]


def log_channel(arguments, stack):
    """Returns the LogChannel of this run, or None where the log is on the guest's line: a user may
    have chosen so, and the command of a dry run is for a shell, which has no pipe of ours."""
    shared = arguments.shared_console or arguments.bare or arguments.dry_run or is_bochs(arguments)
    if shared or any(option.startswith("console=") for option in arguments.option):
        return None
    channel = console.LogChannel()
    stack.callback(channel.close)
    return channel


@contextlib.contextmanager
def work_folder(is_kept):
    """A folder for what a run needs; the files of a dry run are the user's."""
    if is_kept:
        yield tempfile.mkdtemp(prefix="ritevisor-")
    else:
        with tempfile.TemporaryDirectory(prefix="ritevisor-") as work:
            yield work


def wire_words(arguments):
    """Boot options of a run whose scripts are loaded by a socket: as much is allowed as --option says, or load."""
    level = [] if any(option.startswith("control=") for option in arguments.option) else ["control=load"]
    return ["wire=com4", *level]


def starting(arguments, memory):
    """What is about to run, in a line."""
    emulator = "Bochs" if is_bochs(arguments) else "QEMU"
    scripts = len(arguments.script) + bool(arguments.code)
    what = "no Ritevisor" if arguments.bare else f"{scripts} script{'' if scripts == 1 else 's'}"
    disk = arguments.disk or arguments.kernel or arguments.multiboot or "the built-in guest"
    kept = ", which is not written to" if arguments.snapshot else ""
    return (f"{emulator}, {arguments.smp} CPU{'' if arguments.smp == 1 else 's'}, {memory} MiB, {what}, {disk}{kept}; "
            "Ctrl-C ends it")  # fmt: skip


def threads(arguments):
    """A multiboot program has no drivers of PCI devices, and is where CPUs are to meet by chance."""
    if arguments.threads or arguments.accel or arguments.multiboot or arguments.smp == 1:
        return arguments.threads or ""
    return machine.threads_for_drivers()


def boot(arguments):
    processor = {}
    if arguments.accel:
        arguments.cpu, model = kvm.check(arguments.cpu)
        processor = {"accelerator": arguments.accel, "cpu_model": model}
    arguments.cpu = arguments.cpu or "amd"
    check_guest_options(arguments)
    options.check_script_options(arguments)
    memory = machine.parse_memory(arguments.memory or DEFAULT_MEMORY[is_bochs(arguments)])
    if int(memory) < MEMORY_MINIMUM:
        raise UserError(
            f"--memory {arguments.memory}: with less than {MEMORY_MINIMUM} MiB neither the loader "
            "nor Ritevisor has room"
        )
    # Without hooks Ritevisor would not even notice the power-off; this asks it to.
    words = [] if arguments.no_summary else ["summary"]
    expects_summary = bool(words) and not arguments.bare
    if is_bochs(arguments):
        words += bochs.OPTIONS
    elif "-icount" in arguments.emulator_options:
        words += EXACT_OPTIONS
    if arguments.control:
        words += wire_words(arguments)
    with contextlib.ExitStack() as stack:
        work = stack.enter_context(work_folder(arguments.dry_run))
        channel = log_channel(arguments, stack)
        medium = ""
        if not arguments.bare:
            medium = os.path.join(work, "ritevisor.iso")
            progress.step("writing the boot medium")
            images.build_medium(
                medium, arguments.hypervisor, arguments.engine,
                [*arguments.script, *one_liner(arguments.code, work)],
                [*words, *(["console=debug"] if channel else []), *arguments.option], files=arguments.file,
            )  # fmt: skip
        progress.step("making the guest's disk")
        common = {
            "smp": arguments.smp,
            "memory": memory,
            "disk": guest_disk(arguments, work),
            "disk_is_kept": bool(arguments.disk) and not arguments.snapshot,
            "medium": medium,
            "control": arguments.control or "",
            "extra": arguments.emulator_options,
        }
        if is_bochs(arguments):
            common.pop("control")
            command = bochs.Machine(work=work, cpu=arguments.cpu, **common).command()
        else:
            command = machine.Machine(
                machine=arguments.machine,
                threads=threads(arguments),
                disk_bus=arguments.disk_bus,
                nic=arguments.nic,
                smm=arguments.smm == "on",
                firmware=uefi.firmware_options(work) if arguments.firmware == "uefi" else [],
                **processor,
                **common,
            ).command()
        command += channel.options() if channel else []
        if arguments.dry_run:
            progress.clear()
            print(shlex.join(command))
            return 0
        progress.stay(starting(arguments, memory))
        return console.run(
            command,
            expects_summary=expects_summary,
            timeout_s=arguments.timeout,
            channel=channel,
            log_file=stack.enter_context(open(arguments.log, "wb")) if arguments.log else None,
        )
