"""WireGuard of service/ against wireguard-go and Debian's kernel: packets through a tunnel between two namespaces."""

from harness import test
from wireguard_ends import speak


@test
def wireguard_asks_wireguard_go(work):
    speak("ours_asks", work)


@test
def wireguard_under_load_is_asked_by_wireguard_go(work):
    speak("theirs_asks", work)


@test
def wireguard_is_asked_by_linux(work):
    speak("kernel_asks", work)
