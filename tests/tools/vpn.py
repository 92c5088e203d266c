"""Tests of ./ritevisor vpn: a file of wg-quick's in, what its peer needs out."""

import base64

from harness import expect, run, test

# As wg pubkey has it.
PRIVATE = bytes.fromhex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ac177fba51db92c2a")
PUBLIC = bytes.fromhex("2953e97dca1229f97c600bec2c17feeaab35ce4bedf66b1d42f16a449dc5c05f")


def key(data):
    return base64.b64encode(data).decode()


def write(work, interface, *peers):
    (work / "wg0.conf").write_text("\n".join(["[Interface]", *interface, *(line for peer in peers for line in ("[Peer]", *peer))]) + "\n")
    return run("./ritevisor", "vpn", "peer", work / "wg0.conf")


@test
def vpn_prints_what_each_peer_needs(work):
    interface = [f"PrivateKey = {key(PRIVATE)} # secret", "Address = 10.9.0.2/24", "address = fd00::2/64", "DNS = 10.9.0.1"]
    done = write(work, interface, [f"PublicKey = {key(bytes(range(32)))}", f"PresharedKey = {key(bytes([7]) * 32)}",
                                   "AllowedIPs = 0.0.0.0/0", "Endpoint = 198.51.100.7:443"],
                 [f"publickey={key(bytes(range(1, 33)))}"])  # fmt: skip
    expect(done, 0, f"# for the peer whose public key is {key(bytes(range(32)))}\n# (its [Interface] has ListenPort = 443)\n[Peer]\n"
           f"PublicKey = {key(PUBLIC)}\nPresharedKey = {key(bytes([7]) * 32)}\nAllowedIPs = 10.9.0.2/32, fd00::2/128\n\n"
           f"# for the peer whose public key is {key(bytes(range(1, 33)))}\n[Peer]\nPublicKey = {key(PUBLIC)}\nAllowedIPs = ")  # fmt: skip
    assert key(PRIVATE) not in done.text


@test
def vpn_says_what_is_wrong_with_a_file(work):
    expect(run("./ritevisor", "vpn", "peer", work / "none"), 1, "no such file")
    peer = [f"PublicKey = {key(bytes(range(32)))}"]
    expect(write(work, ["Address = 10.9.0.2"], peer), 1, "one [Interface] with a PrivateKey")
    expect(write(work, ["PrivateKey = abc", "Address = 10.9.0.2"], peer), 1, "PrivateKey is not 32 bytes as base64")
    expect(write(work, [f"PrivateKey = {key(PRIVATE)}"], peer), 1, "no Address")
    expect(write(work, [f"PrivateKey = {key(PRIVATE)}", "Address = 10.9.0.256"], peer), 1, "Address: ")
    expect(write(work, [f"PrivateKey = {key(PRIVATE)}", "Address = 10.9.0.2"], ["PublicKey = x"]), 1, "PublicKey is not")
