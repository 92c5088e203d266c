"""Tests of tools/host/kvm.py: what --accel kvm says on machines that cannot, on made-up machines."""

import sys

from harness import ROOT, test

sys.path.insert(0, str(ROOT / "tools"))

from host import kvm  # noqa: E402
from host.errors import UserError  # noqa: E402


def machine(work, vendor="GenuineIntel", device=True, nested="Y", module="kvm_intel"):
    """Makes a folder with what kvm.check() looks at."""
    files = {"proc/cpuinfo": f"processor\t: 0\nvendor_id\t: {vendor}\n"}
    if device:
        files["dev/kvm"] = ""
    if nested:
        files[f"sys/module/{module}/parameters/nested"] = nested + "\n"
    for name, text in files.items():
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        (work / name).write_text(text)
    return work


def refusal(*arguments):
    try:
        kvm.check(*arguments)
    except UserError as error:
        return str(error)
    raise AssertionError("it was not refused")


@test
def kvm_uses_the_vendor_of_this_machine(work):
    assert kvm.check(None, machine(work)) == ("intel", "host,+vmx")
    assert "--cpu intel" in refusal("amd", work)


@test
def kvm_takes_amd_too(work):
    made = machine(work, "AuthenticAMD", module="kvm_amd", nested="1")
    assert kvm.check("amd", made) == ("amd", "host,+svm")


@test
def kvm_needs_its_device(work):
    assert "modprobe kvm_intel" in refusal(None, machine(work, device=False))


@test
def kvm_needs_nesting(work):
    assert "nested=1" in refusal(None, machine(work, nested="N"))


@test
def kvm_needs_a_cpu_that_can(work):
    assert "AMD or Intel" in refusal(None, machine(work, "Other"))
