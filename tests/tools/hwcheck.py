"""Tests of ./ritevisor hwcheck on faked machines; the QEMU guest runs it in tests/system."""

import json

import hwcheck_machine as machine
from harness import expect, run, test


def hwcheck(root, *options):
    return run("build/hwcheck", *options, "--root", root)


def report(root):
    """Returns (exit status, verdict, {check: status})."""
    done = hwcheck(root, "--json")
    answer = json.loads(done.text)
    checks = {line["check"]: line["status"] for line in answer["checks"]}
    return done.returncode, answer["can_run"], checks


def expect_failure(root, check, *texts):
    status, can_run, checks = report(root)
    assert (status, can_run) == (1, False), (status, can_run)
    failed = {name for name, word in checks.items() if word == "FAIL"}
    assert failed == {check, "result"}, failed
    expect(hwcheck(root), 1, "Ritevisor cannot run on this machine", *texts)


@test
def hwcheck_amd(work):
    root = machine.make(work, cpuid=machine.amd_cpuid(), msrs={machine.VM_CR: 0},
                        tables=("FACP", "IVRS"))  # fmt: skip
    expect(
        hwcheck(root), 0,
        "ok    CPU: Fixture CPU, AuthenticAMD family 0x17 model 0x1 stepping 2\n",
        "ok    AMD-V (SVM)\n", "ok    nested paging (NPT)\n", "SVM revision 1, 32768 ASIDs",
        "ok    next RIP at exits (NRIPS)\n", "note  no virtual GIF (VGIF)\n",
        "note  IOMMU: AMD-Vi (IVRS)\n",
        "ok    not switched off by the firmware (VM_CR)\n",
        "ok    CPUs: 4\n",
        "ok    memory: 1023 MiB; Ritevisor would take 36 of them, such as 0x3da00000-0x3fdfffff\n",
        "PCI 00:1f.2 8086:2922 010601 AHCI controller: register hooks, disk requests\n",
        "PCI 01:00.0 1b36:0010 010802 NVMe controller: register hooks, disk requests\n",
        "ok    Ritevisor can run on this machine\n",
    )  # fmt: skip
    told = hwcheck(root).text
    assert "8086:1234" not in told and "FAIL" not in told and "ask " not in told
    expect(run("./ritevisor", "hwcheck", "--root", root), 0, told)
    expect(run("./ritevisor", "hwcheck", "--json", "--root", root), 0, hwcheck(root, "--json").text)


@test
def hwcheck_amd_switched_off(work):
    root = machine.make(work, cpuid=machine.amd_cpuid(), msrs={machine.VM_CR: 0x18})
    expect_failure(root, "firmware-switch", "switched off by the firmware, and locked (VM_CR)",
                   'enable "SVM mode"')  # fmt: skip


@test
def hwcheck_amd_whose_system_found_it_off(work):
    root = machine.make(work, cpuid=machine.amd_cpuid(), cpuinfo="flags\t\t: fpu npt\n")
    expect_failure(root, "firmware-switch", "switched off by the firmware (as this system found)")


@test
def hwcheck_amd_without_svm(work):
    root = machine.make(work, cpuid=machine.amd_cpuid(svm=False), msrs={machine.VM_CR: 0})
    expect_failure(root, "virtualization", "FAIL  no AMD-V (SVM)")


@test
def hwcheck_amd_without_nested_paging(work):
    features = machine.SVM_FEATURES["nrip"]
    cpuid = machine.amd_cpuid(features=features)
    root = machine.make(work, cpuid=cpuid, msrs={machine.VM_CR: None})
    expect_failure(root, "nested-paging", "FAIL  no nested paging (NPT)", "(no VM_CR)")


@test
def hwcheck_without_msrs_asks_for_root(work):
    root = machine.make(work, cpuid=machine.amd_cpuid(), cpuinfo="flags\t\t: fpu svm npt\n")
    status, can_run, checks = report(root)
    assert (status, can_run) == (3, None), (status, can_run)
    assert checks["firmware-switch"] == "ask" and checks["nested-paging"] == "ok", checks
    expect(hwcheck(root), 3, "modprobe msr", "not all is known")


@test
def hwcheck_intel(work):
    msrs = {**machine.VMX_MSRS, machine.FEATURE_CONTROL: 5}
    root = machine.make(work, cpuid=machine.intel_cpuid(), msrs=msrs, tables=("FACP", "DMAR"))
    expect(
        hwcheck(root), 0, "ok    Intel VT-x (VMX)\n", "ok    nested paging (EPT)\n",
        "ok    unrestricted guest (real mode)\n", "VMCS revision 16, 4096 bytes",
        "note  no VMX preemption timer\n", "Intel VT-d (DMAR)",
    )  # fmt: skip


@test
def hwcheck_intel_lacks_each_required_control(work):
    for msr, bit, check in (
        (0x48B, machine.EPT, "nested-paging"), (0x48B, machine.UNRESTRICTED, "unrestricted-guest"),
        (0x481, machine.VIRTUAL_NMI, "virtual-nmi"), (0x482, machine.MONITOR_TRAP, "monitor-trap"),
        (0x482, machine.WINDOW_EXITS, "window-exits"), (0x48E, 1 << 60, "processor-controls"),
        (0x48D, 1 << 35, "direct-interrupts"), (0x48F, 1 << 53, "efer-exit"),
        (0x490, 1 << 47, "efer-entry"), (0x48C, machine.EPT_WALK_4, "ept-levels"),
        (0x48C, machine.EPT_WRITE_BACK, "ept-memory-type"), (0x48C, machine.INVEPT, "invept"),
        (0x48C, machine.INVEPT_ALL, "invept"),
    ):  # fmt: skip
        msrs = {**machine.VMX_MSRS, machine.FEATURE_CONTROL: 0}
        msrs[msr] &= ~bit
        root = machine.make(work / f"{check}-{bit}", cpuid=machine.intel_cpuid(), msrs=msrs)
        expect_failure(root, check)


@test
def hwcheck_intel_cannot_switch_a_control_off(work):
    for msr, bit, check in ((0x48E, 1 << 15, "processor-controls"), (0x48D, 1, "direct-interrupts")):
        msrs = {**machine.VMX_MSRS, machine.FEATURE_CONTROL: 5}
        msrs[msr] |= bit
        root = machine.make(work / check, cpuid=machine.intel_cpuid(), msrs=msrs)
        expect_failure(root, check)


@test
def hwcheck_intel_before_the_true_controls(work):
    msrs = {**machine.VMX_MSRS, machine.FEATURE_CONTROL: 5, 0x48D: None, 0x48E: None,
            0x48F: None, 0x490: None}  # fmt: skip
    root = machine.make(work, cpuid=machine.intel_cpuid(), msrs=msrs)
    expect(hwcheck(root), 1, "FAIL  no controls of 2010 and later\n")


@test
def hwcheck_intel_locked_off(work):
    msrs = {**machine.VMX_MSRS, machine.FEATURE_CONTROL: 1}
    root = machine.make(work, cpuid=machine.intel_cpuid(), msrs=msrs)
    expect_failure(root, "firmware-switch", "and locked (FEATURE_CONTROL)")


@test
def hwcheck_intel_by_what_linux_says(work):
    flags = "flags\t\t: fpu vmx\nvmx flags\t: vnmi mtf ept vpid\n"
    root = machine.make(work, cpuid=machine.intel_cpuid(), cpuinfo=flags)
    status, _, checks = report(root)
    assert checks["nested-paging"] == "ok" and checks["unrestricted-guest"] == "FAIL", checks
    assert status == 1, status


@test
def hwcheck_other_vendor(work):
    cpuid = {**machine.intel_cpuid(vmx=False), 0: machine.vendor_leaf("GenuineTMx86")}
    root = machine.make(work, cpuid=cpuid, msrs={})
    expect_failure(root, "virtualization", "no virtualization that we know")


@test
def hwcheck_counts_what_the_cpu_has_and_not_its_vendor(work):
    for vendor in ("CentaurHauls", "  Shanghai  "):
        for has_vmx in (True, False):
            cpuid = {**machine.intel_cpuid(vmx=has_vmx), 0: machine.vendor_leaf(vendor)}
            msrs = {**machine.VMX_MSRS, machine.FEATURE_CONTROL: None}
            root = machine.make(work / f"{vendor.strip()}-{has_vmx}", cpuid=cpuid, msrs=msrs)
            if has_vmx:
                expect(hwcheck(root), 0, f"{vendor} family", "ok    Intel VT-x (VMX)\n",
                       "ok    not switched off by the firmware (no FEATURE_CONTROL)\n")  # fmt: skip
            else:
                expect_failure(root, "virtualization", "FAIL  no Intel VT-x (VMX)\n")


@test
def hwcheck_too_little_memory_below_4_gib(work):
    root = machine.make(work, cpuid=machine.amd_cpuid(), msrs={machine.VM_CR: 0},
                        memory=[(0, 0x9FFFF, "System RAM"), (1 << 32, (1 << 33) - 1, "System RAM")])  # fmt: skip
    expect_failure(root, "memory", "no 36 MiB are free below 4 GiB")


MIB = 1 << 20


def amd_machine(root, **facts):
    return machine.make(root, cpuid=machine.amd_cpuid(), msrs={machine.VM_CR: 0}, **facts)


@test
def hwcheck_takes_a_map_longer_than_128_ranges(work):
    small = [(n * 4 * MIB, n * 4 * MIB + 0xFFF, "System RAM") for n in range(1, 129)]
    root = amd_machine(work, memory=small + [(1024 * MIB, 2048 * MIB - 1, "System RAM")])
    expect(
        hwcheck(root), 0, "more than 128 ranges; the smallest, 4 KiB, are left out\n",
        "ok    memory: 1024 MiB; Ritevisor would take 36 of them, such as 0x7dc00000-0x7fffffff\n",
    )  # fmt: skip


@test
def hwcheck_says_what_it_cannot_take_of_a_map(work):
    small = [(n * 4 * MIB, n * 4 * MIB + 0xFFF, "Reserved") for n in range(2, 300)]
    root = amd_machine(work, memory=[(MIB, 2048 * MIB - 1, "System RAM"), *small])
    expect(hwcheck(root), 1, "more than 256 entries; the last 43 are left out\n")


@test
def hwcheck_leaves_out_an_entry_that_ends_before_it_starts(work):
    root = amd_machine(work, memory=[*machine.MEMORY, (1 << 40, 1 << 39, "System RAM")])
    expect(hwcheck(root), 0, "1 entries end before they start, and are left out\n",
           "ok    memory: 1023 MiB; ")  # fmt: skip


@test
def hwcheck_without_memmap_looks_into_iomem(work):
    iomem = ("00000000-00000fff : Reserved\n00100000-3ffdffff : System RAM\n"
             "  01000000-01ffffff : Kernel code\nfee00000-fee00fff : Local APIC\n")  # fmt: skip
    root = amd_machine(work, memory=[], iomem=iomem)
    expect(hwcheck(root), 0, "note  memory map: from /proc/iomem\n", "CONFIG_FIRMWARE_MEMMAP",
           "ok    memory: 1022 MiB; ")  # fmt: skip


@test
def hwcheck_without_any_map_says_what_is_missing(work):
    hidden = "00000000-00000000 : Reserved\n00000000-00000000 : System RAM\n"
    for name, iomem in (("none", None), ("hidden", hidden)):
        root = amd_machine(work / name, memory=[], iomem=iomem)
        done = hwcheck(root)
        expect(done, 3, "ask   memory: not known\n", "CONFIG_FIRMWARE_MEMMAP", "/proc/iomem")
        assert "run this as root" not in done.text, done.text


@test
def hwcheck_refuses_what_it_cannot_use(work):
    expect(hwcheck(work / "nowhere"), 2, "no such folder", "nowhere")
    expect(run("build/hwcheck", "--frob"), 2, "cannot use --frob; see --help")
    expect(run("build/hwcheck", "--help"), 0, "usage: ritevisor hwcheck")


@test
def hwcheck_knows_this_machine(work):
    done = run("./ritevisor", "hwcheck", "--json")
    answer = json.loads(done.text)
    assert done.returncode == {True: 0, False: 1, None: 3}[answer["can_run"]], done.text
    assert any(line["check"] == "cpu" for line in answer["checks"]), done.text
