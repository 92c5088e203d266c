"""./ritevisor vpn: what the other side of a tunnel has to have (docs/vpn.md)."""

from commands import options
from host import wireguard
from host.errors import need_file

EXAMPLES = """\
examples:
  ./ritevisor vpn peer wg0.conf
  ./ritevisor vpn peer wg0.conf | ssh root@server 'cat >>/etc/wireguard/wg0.conf'

The private key stays here; a PresharedKey, if there is one, is printed, for both sides have it.
"""


def add(commands):
    parser = options.add_command(commands, "vpn", perform, "print what a tunnel's peer has to have in its configuration", EXAMPLES)
    parser.add_argument("what", metavar="peer", choices=["peer"], help="peer: the section [Peer] for each peer of FILE")
    parser.add_argument("file", metavar="FILE", help="a file of wg-quick's, which the option vpn= names")


def perform(arguments):
    path = need_file(arguments.file, "it is yours: wg genkey makes a PrivateKey")
    print("\n\n".join(wireguard.peer_texts(path)))
    return 0
