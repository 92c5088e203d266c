"""Options that several subcommands have."""

import argparse
import sys

from host import gems, installed, paths, scripts, simulation, uefi, words
from host.errors import UserError, need_file


def add_command(commands, name, perform, summary, examples=""):
    """Declares a subcommand; perform(arguments) returns the exit status. Returns its parser."""
    parser = commands.add_parser(
        name,
        help=summary,
        description=summary[0].upper() + summary[1:] + ".",
        epilog=installed.told(examples),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(perform=perform)
    return parser


def seconds(text):
    """A length of time, for argparse."""
    number = float(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return number


def menu_seconds(text):
    """How long a menu waits, for argparse; UEFI's loader takes no more."""
    number = int(text)
    if not 0 <= number <= 60:
        raise argparse.ArgumentTypeError(f"{text} is not from 0 to 60")
    return number


def add_script_options(parser):
    parser.add_argument("--script", metavar="FILE", type=scripts.resolve, action="append", default=[],
                        help="a Ruby script to load, or the name of a ready one (./ritevisor scripts); may be "
                        "given again")  # fmt: skip
    parser.add_argument("--file", metavar="FILE", action="append", default=[],
                        help="a file that an option names, such as an encrypted disk's header or key; "
                        "may be given again")  # fmt: skip
    parser.add_argument("--option", metavar="OPTION", action="append", default=[],
                        help="an option for the hypervisor; may be given again")  # fmt: skip
    parser.add_argument("--hypervisor", metavar="ELF", default=str(paths.HYPERVISOR),
                        help="another hypervisor than build/ritevisor.elf")  # fmt: skip
    parser.add_argument("--engine", metavar="ELF", default=str(paths.ENGINE),
                        help="another script engine than build/engine.elf")  # fmt: skip
    parser.add_argument("--no-engine", dest="engine", action="store_const", const=None,
                        help="without the script engine: the hypervisor alone")  # fmt: skip
    add_gems_option(parser)


def add_gems_option(parser):
    parser.add_argument("--gems", metavar="DIR", action="append", default=[],
                        help="an engine with this gem (docs/gems.md); may be given again")  # fmt: skip


def use_gems(arguments):
    """Makes the engine that --gems asks for the one that --engine names."""
    if not arguments.gems:
        return
    if arguments.engine != str(paths.ENGINE):
        raise UserError("--gems builds an engine, so it goes neither with --engine nor --no-engine")
    arguments.engine = str(gems.build(arguments.gems))


def add_check_option(parser):
    parser.add_argument("--no-check", dest="check", action="store_false",
                        help="take scripts that fail in the simulated machine, too")  # fmt: skip


def check_scripts(arguments):
    """Refuses scripts whose top level fails, as ./ritevisor check would tell, before they are carried
    to a machine. The engine is this build's own, whatever --engine names, or that of --gems."""
    if not arguments.check or not arguments.script:
        return
    simulation.prepare()
    engine = arguments.engine if arguments.gems else paths.ENGINE
    for script in arguments.script:
        others = [each for each in arguments.script if each != script]
        result = simulation.load_script([script, *others], arguments.option, engine)
        if result.end["status"] != 0:
            raise UserError(
                "\n  ".join([f"{script} does not load:", *result.errors()])
                + "\n--no-check takes it all the same: it may need what only the real machine has"
            )


def add_uefi_options(parser):
    parser.add_argument("--chain", metavar="PATH", default="",
                        help="UEFI: start this program afterwards (default: the next entry)")  # fmt: skip
    parser.add_argument("--seal", action="store_true",
                        help="UEFI: let the loader take only these files, unchanged")  # fmt: skip
    parser.add_argument("--sign-key", metavar="FILE", default="",
                        help="UEFI: sign the loader for Secure Boot, and seal it")  # fmt: skip
    parser.add_argument("--sign-certificate", metavar="FILE", default="", help="goes with it")
    parser.add_argument("--rescue", action="store_true",
                        help="UEFI: let R, and boots that reach no OS, leave the scripts out where "
                        "the loader is sealed, too")  # fmt: skip


def uefi_options(arguments):
    return uefi.UefiOptions(
        chain=arguments.chain,
        seal=arguments.seal,
        sign_key=arguments.sign_key,
        sign_certificate=arguments.sign_certificate,
        rescue=arguments.rescue,
    )


def check_script_options(arguments):
    use_gems(arguments)
    for script in arguments.script:
        need_file(script, scripts.HINT)
    for warning in words.check(arguments.option, arguments.script):
        print(f"ritevisor {arguments.command}: warning: {warning}", file=sys.stderr)
    if arguments.script and arguments.engine is None:
        raise UserError("--script needs the engine, so it does not go with --no-engine")
