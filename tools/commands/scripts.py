"""./ritevisor scripts: the ready tools, and what each takes and prints."""

from commands import options
from host import scripts
from host.installed import told

EXAMPLES = """\
examples:
  ./ritevisor scripts                        all of them, one line each
  ./ritevisor scripts disk_latency           what it does, its settings, what it prints
  ./ritevisor boot --script disk_latency     runs it
"""


def add(commands):
    parser = options.add_command(commands, "scripts", show, "list the ready scripts, or tell of one", EXAMPLES)
    parser.add_argument("name", metavar="NAME", nargs="?", help="tell of this one")


def show(arguments):
    if arguments.name is None:
        width = max(len(name) for name in scripts.names())
        for name in scripts.names():
            print(f"{name:{width}}  {scripts.summary(name)}")
        return 0
    print(f"{scripts.description(arguments.name)}")
    example = scripts.example(arguments.name)
    if example:
        print(f"\nIt prints, for example:\n\n{told(example.rstrip())}")
    print(f"\nFile: {scripts.need(arguments.name)}")
    return 0
