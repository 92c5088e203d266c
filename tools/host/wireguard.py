"""wg-quick's files, as far as the other side of a tunnel needs them. (The service at CPL 3 reads them strictly:
service/wireguard_config.c.)"""

import base64
import binascii
import ipaddress

from .errors import UserError

KEY_BYTES = 32
PRIME = 2**255 - 19
A24 = 121665  # RFC 7748, 5


def public_key(private):
    """X25519 of the base point (RFC 7748, 5). Takes a time that depends on the key: for one's own eyes."""
    scalar = int.from_bytes(private, "little") & ~(7 | 1 << 255) | 1 << 254
    x1, x2, z2, x3, z3 = 9, 1, 0, 9, 1
    for bit in reversed(range(255)):
        if scalar >> bit & 1:
            x2, z2, x3, z3 = ladder(x1, x3, z3, x2, z2)
            x2, z2, x3, z3 = x3, z3, x2, z2
        else:
            x2, z2, x3, z3 = ladder(x1, x2, z2, x3, z3)
    return (x2 * pow(z2, PRIME - 2, PRIME) % PRIME).to_bytes(KEY_BYTES, "little")


def ladder(x1, x2, z2, x3, z3):
    """A step: twice the first point, and the sum of both."""
    a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
    aa, bb, da, cb = a * a, b * b, d * a, c * b
    e = aa - bb
    return aa * bb % PRIME, e * (aa + A24 * e) % PRIME, (da + cb) ** 2 % PRIME, x1 * (da - cb) ** 2 % PRIME


def read_key(text, name, path):
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error:
        key = b""
    if len(key) != KEY_BYTES:
        raise UserError(f"{path}: {name} is not 32 bytes as base64")
    return key


def read(path):
    """Returns a file's sections: [(name, {key: value})], keys in lower case; those that stand there again are joined."""
    sections = []
    with open(path, encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(file, 1):
            line = line.partition("#")[0].strip()
            if line.startswith("["):
                sections.append((line.strip("[]").lower(), {}))
            elif line:
                name, equals, value = line.partition("=")
                if not equals or not sections:
                    raise UserError(f"{path}: line {number}: it is no section and has no =, or stands before any section")
                keys, name = sections[-1][1], name.strip().lower()
                keys[name] = f"{keys[name]}, {value.strip()}" if name in keys else value.strip()
    return sections


def hosts(addresses, path):
    """Interface addresses as the networks of one host each."""
    try:
        found = [ipaddress.ip_interface(each.strip()).ip for each in addresses.split(",") if each.strip()]
    except ValueError as error:
        raise UserError(f"{path}: Address: {error}") from None
    return [f"{each}/{each.max_prefixlen}" for each in found]


def peer_texts(path):
    """What each peer of a file has to have in its own: a text for each."""
    sections = read(path)
    interfaces = [keys for name, keys in sections if name == "interface"]
    peers = [keys for name, keys in sections if name == "peer"]
    if len(interfaces) != 1 or "privatekey" not in interfaces[0] or not peers:
        raise UserError(f"{path}: there has to be one [Interface] with a PrivateKey, and a [Peer]")
    public = public_key(read_key(interfaces[0]["privatekey"], "PrivateKey", path))
    allowed = hosts(interfaces[0].get("address", ""), path)
    if not allowed:
        raise UserError(f"{path}: [Interface] has no Address")
    for keys in peers:
        read_key(keys.get("publickey", ""), "PublicKey", path)
        port = keys.get("endpoint", "").rpartition(":")[2]
        lines = [f"# for the peer whose public key is {keys['publickey']}"]
        lines += [f"# (its [Interface] has ListenPort = {port})"] if port else []
        lines += ["[Peer]", f"PublicKey = {base64.b64encode(public).decode()}"]
        if "presharedkey" in keys:
            read_key(keys["presharedkey"], "PresharedKey", path)
            lines += [f"PresharedKey = {keys['presharedkey']}"]
        yield "\n".join([*lines, f"AllowedIPs = {', '.join(allowed)}"])
