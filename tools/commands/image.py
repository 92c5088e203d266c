"""./ritevisor image: the medium that starts Ritevisor on a real machine."""

from commands import options
from host import images

IMAGE_EXAMPLES = """\
examples:
  ./ritevisor image --script scripts/hello.rb --output ritevisor.iso
  dd if=ritevisor.iso of=/dev/sdX bs=4M     onto a USB stick (this erases the stick)
"""


def add(commands):
    parser = options.add_command(
        commands, "image", image, "write an ISO that boots from CD and USB stick", IMAGE_EXAMPLES
    )
    options.add_script_options(parser)
    options.add_check_option(parser)
    parser.add_argument("--output", metavar="FILE", default="ritevisor.iso",
                        help="the file to write (default ritevisor.iso)")  # fmt: skip
    parser.add_argument("--menu-seconds", type=options.menu_seconds, default=3, metavar="S",
                        help="time to reach the rescue entry with a key (default 3)")  # fmt: skip
    options.add_uefi_options(parser)


def image(arguments):
    options.check_script_options(arguments)
    images.check_output(arguments.output)
    options.check_scripts(arguments)
    images.build_medium(
        arguments.output, arguments.hypervisor, arguments.engine,
        arguments.script, arguments.option, arguments.menu_seconds, options.uefi_options(arguments),
        arguments.file,
    )  # fmt: skip
    print(f"wrote {arguments.output}")
    return 0
