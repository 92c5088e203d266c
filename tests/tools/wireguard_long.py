"""WireGuard of service/ for an hour, or for WIREGUARD_SECONDS."""

from harness import test
from wireguard_ends import speak

HOUR_S = 3600


@test
def wireguard_changes_keys_for_an_hour(work):
    speak("keys_change", work, timeout_s=HOUR_S + 300)
