"""The figures' names in the order of the table, what they mean, and the targets to reach."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """What one line of the table is."""

    meaning: str
    target: float = None  # the largest value wanted, None: no target
    over_bare: bool = False  # the target is what may be added to the bare figure
    at_least: bool = False  # the target is the smallest value wanted
    noise: str = ""  # the figure that says how exact this one is; it is added to the target


def _softfloat(meaning, mean, name):
    return {
        f"softfloat_{name}_instructions": Figure(f"{meaning}, mean of ordinary operands", mean),
        f"softfloat_{name}_worst_instructions": Figure("... the worst, subnormals included"),
    }


def _workload(name, meaning, ratio):
    return {
        f"workload_{name}_over_host_ratio": Figure(f"{meaning}, over clang's host build", ratio),
        f"workload_{name}_instructions": Figure("... itself; beside it the host's"),
    }


def _system(name, meaning, exits=None):
    return {
        f"system_{name}_over_bare_percent": Figure(
            f"{meaning}, instructions over bare", 0.5, noise=f"system_{name}_noise_percent"
        ),
        f"system_{name}_noise_percent": Figure("... what repeats of it differ by"),
        f"system_{name}_hypervisor_percent": Figure("... of it in the hypervisor, exact", 0.5),
        f"system_{name}_exits_count": Figure("... VM exits in it", exits),
    }


def _requests(bus, words, exits, exits_many):
    names = {"filtered": ("C looks at it and no hook wants it", 2500),
             "into": ("C adds it to a histogram by disk and direction", 3000),
             "observed": ("a Ruby hook that returns at once", 4500),
             "changed": ("4 KiB read and changed", 8000)}  # fmt: skip
    figures = {
        f"{bus}_unhooked_exits_per_request_1_count": Figure(f"VM exits a request of {words}, no hook", 0),
        f"{bus}_unhooked_exits_per_request_16_count": Figure("... 16 at a time", 0),
        f"{bus}_watch_exits_per_request_1_count": Figure("... with a Ruby hook", exits),
        f"{bus}_watch_exits_per_request_16_count": Figure("... 16 at a time", exits_many),
    }
    for name, (meaning, target) in names.items():
        figures[f"{bus}_{name}_extra_instructions"] = Figure(f"a request of {words}: {meaning}", target)
        figures[f"{bus}_{name}_16_extra_instructions"] = Figure("... 16 at a time")
    return figures


def _packets():
    names = {"filtered": ("C looks at it and no hook wants it", None),
             "into": ("C adds it to a histogram", 0.98),
             "observed": ("a Ruby hook that returns at once", 0.9),
             "changed": ("a port and checksums are changed", None)}  # fmt: skip
    figures = {"virtio_net_unhooked_over_bare_ratio": Figure("bulk TCP, bare over ours, without hooks", 0.99, at_least=True)}
    for name, (meaning, target) in names.items():
        figures[f"virtio_net_{name}_over_bare_ratio"] = Figure(f"... {meaning}", target, at_least=True)
    for way, words in (("rx", "downloads"), ("tx", "uploads")):
        figures[f"virtio_net_{way}_unhooked_exits_per_packet_count"] = Figure(f"VM exits a packet, {words}, no hook")
        for name, (meaning, _) in names.items():
            figures[f"virtio_net_{way}_{name}_exits_per_packet_count"] = Figure(f"... {meaning}")
            figures[f"virtio_net_{way}_{name}_extra_instructions"] = Figure("... instructions more than without hooks")
    return figures


def _usb():
    names = {"unhooked": ("no hook", 0),
             "policy": ("rules alone, by which it came in", None),
             "filtered": ("hooks want another device's transfers", None),
             "observed": ("Ruby hooks that return at once, of each transfer and its end", None),
             "changed": ("4 KiB that are read are changed", None)}  # fmt: skip
    figures = {}
    for name, (meaning, exits) in names.items():
        figures[f"usb_{name}_exits_per_transfer_count"] = Figure(f"VM exits a transfer: {meaning}", exits)
        if name == "policy":
            figures["usb_policy_exits_but_interrupts_count"] = Figure("... but for interrupts, each of which is one", 0)
        figures[f"usb_{name}_instructions"] = Figure("... instructions, the guest's too")
        if name != "unhooked":
            figures[f"usb_{name}_extra_instructions"] = Figure("... the hypervisor's and the engine's")
    commands = {"observed": "Ruby hooks that return at once, of each and its end", "changed": "4 KiB that are read are changed"}
    for name, meaning in commands.items():
        figures[f"usb_commands_{name}_exits_per_command_count"] = Figure(f"VM exits a SCSI command, of a disk's hooks: {meaning}")
        figures[f"usb_commands_{name}_instructions"] = Figure("... instructions, the guest's too")
        figures[f"usb_commands_{name}_extra_instructions"] = Figure("... the hypervisor's and the engine's")
    return figures


GROUPS = {
    "Accesses, in instructions from the guest's instruction to its next": {
        "cpuid_exit_instructions": Figure("CPUID, in a loop", 150),
        "port_unclaimed_instructions": Figure("read of a port that nobody claims", 0, True),
        "pci_unclaimed_instructions": Figure("PCI configuration by CF8/CFC, unclaimed", 0, True),
        "msr_unclaimed_instructions": Figure("RDMSR, unclaimed", 0, True),
        "mmio_unclaimed_instructions": Figure("read of device memory, unclaimed", 0, True),
        "pci_at_exit_instructions": Figure("PCI configuration by CF8/CFC beside a script with at_exit"),
        "port_c_instructions": Figure("read of a port that C claims and passes on"),
        "port_filtered_instructions": Figure("read of a hooked port that the filter rejects", 215),
        "port_counted_instructions": Figure("read that is only counted (into: Counter)", 365),
        "port_ruby_instructions": Figure("read with a Ruby hook that returns at once", 780),
        "port_ruby_change_instructions": Figure("write with a hook that changes it", 1200),
        "trace_record_instructions": Figure("a hooked write put into a trace, more than without a recording", 250),
        "u64_and_instructions": Figure("RDMSR with a hook that masks a value from 2^63 up", 1600),
        "guest_ipi_instructions": Figure("an IPI that wakes a CPU, both CPUs' work", 0, True),
        "guest_ipi_exits_count": Figure("VM exits for each such IPI", 0),
    },
    "Requests and deadlines": {
        "request_pass_instructions": Figure("a disk command without data, offered to nobody"),
        "request_ruby_instructions": Figure("... with a Ruby hook that returns at once"),
        "virtio_watch_exits_per_request_count": Figure(
            "exits for a read of a virtio disk that is watched, one at a time", 1.05),
        "virtio_watch_interrupts_per_request_count": Figure("... and for interrupts of it"),
        "deadline_late_idle_us": Figure("how late a millisecond ends in an idle guest, median"),
        "deadline_latest_idle_us": Figure("... at most"),
        "deadline_late_busy_us": Figure("... in a busy guest, median"),
        "deadline_latest_busy_us": Figure("... at most"),
        "suspend_resume_instructions": Figure("a service is stopped amid its work, and goes on"),
    },
    "Requests of disks under Linux: exits, and instructions of hypervisor and engine": {
        **_requests("nvme", "an NVMe disk", 2.0, 1.4),
        **_requests("virtio", "a virtio disk", 1.0, 1.0),
    },
    "A USB stick under Linux, by xHCI: bulk transfers, three for 4 KiB": _usb(),
    "Packets of a virtio card under Linux: bulk TCP": _packets(),
    "Encrypted disks": {
        "aes_xts_instructions_per_byte": Figure("AES-256-XTS, sectors of 512 bytes, AES instructions", 1.8),
        "aes_xts_portable_instructions_per_byte": Figure("... in C, where the CPU has none", 180),
        "nvme_encrypted_sequential_over_bare_ratio": Figure("reads and writes of 128 KiB, over a disk that is clear", 9),
        "nvme_dm_crypt_sequential_over_bare_ratio": Figure("... where the guest's own dm-crypt does it, bare"),
        "nvme_encrypted_random_over_bare_ratio": Figure("reads and writes of 4 KiB here and there, over a disk that is clear", 2),
        "nvme_dm_crypt_random_over_bare_ratio": Figure("... where the guest's own dm-crypt does it, bare"),
    },
    "WireGuard in the network service": {
        "wireguard_initiator_instructions": Figure("a handshake that we ask for, with the packet that waited"),
        "wireguard_responder_instructions": Figure("... that the peer asks for"),
        "wireguard_send_instructions_per_kib": Figure("packets of 1,420 bytes that go, a KiB"),
        "wireguard_receive_instructions_per_kib": Figure("... that come"),
    },
    "A tunnel under Linux: what bulk TCP takes more than without any, of guest, hypervisor and service": {
        "vpn_transmit_instructions_per_kib": Figure("a KiB that goes, by vpn="),
        "linux_wireguard_transmit_instructions_per_kib": Figure("... by the guest's own WireGuard, bare"),
        "vpn_receive_instructions_per_kib": Figure("a KiB that comes, by vpn="),
        "linux_wireguard_receive_instructions_per_kib": Figure("... by the guest's own WireGuard, bare"),
    },
    "The default beside `fast`": {
        "apic_eoi_instructions": Figure("end of an interrupt, xAPIC mode", 250),
        "apic_exits_per_interrupt_count": Figure("VM exits for an IPI that wakes a CPU"),
        "boot_exits_fast_1_cpus_count": Figure("VM exits in the built-in guest's run, fast, 1 CPU"),
        "boot_exits_default_1_cpus_count": Figure("... by default"),
        "boot_exits_fast_2_cpus_count": Figure("... fast, 2 CPUs"),
        "boot_exits_default_2_cpus_count": Figure("... by default"),
    },
    "The script engine": {
        "engine_open_instructions": Figure("opening, and a script of 100 lines", 3_200_000),
        "engine_copied_instructions": Figure("the same script in a copy of an engine that is open"),
        "live_load_guest_stall_instructions": Figure("loading a script of 100 lines by a hypercall", 3_500_000),
        "live_load_longest_stretch_instructions": Figure("... the longest time without the guest", 300_000),
        "hypercall_list_instructions": Figure("ritectl list, in the hypervisor"),
        "idle_heap_bytes": Figure("heap of an idle script", 320 << 10),
        "gc_longest_pause_instructions": Figure("longest pause in a hook, 10 MiB live", 50_000),
        "gc_longest_pause_large_instructions": Figure("... and the largest containers", 50_000),
        "gc_event_instructions": Figure("... an event of that hook without a pause"),
        **_softfloat("addition, subtraction", 90, "add"),
        **_softfloat("multiplication", 80, "mul"),
        **_softfloat("division", 140, "div"),
        **_softfloat("square root", 220, "sqrt"),
        **_softfloat("comparison", 20, "compare"),
        **_softfloat("64-bit integer to float", 30, "int_to_double"),
        **_softfloat("float to 64-bit integer", 25, "double_to_int"),
        **_softfloat("floor", 40, "floor"),
        "math_sin_instructions": Figure("sin, on this machine's CPU"),
        "math_exp_instructions": Figure("exp"),
        "math_log_instructions": Figure("log"),
        "math_pow_instructions": Figure("pow"),
        "float_format_shortest_instructions": Figure("a float to the shortest text"),
        "float_read_17_instructions": Figure("17 digits to a float"),
        "heap_malloc_free_instructions": Figure("malloc and free of a small block"),
    },
    "Ruby programs, in the engine and as the same mruby built for this machine": {
        **_workload("integer", "integers, bits and calls", 1.08),
        **_workload("hash", "hashes", 1.08),
        **_workload("string", "strings", 1.08),
        **_workload("sort", "sorting", 1.08),
        **_workload("nbody", "gravity, floats in objects", 1.8),
        **_workload("mandelbrot", "floats in variables", 1.8),
        "interpreter_turn_instructions": Figure("one turn of an empty while loop"),
        "interpreter_turn_gcc_instructions": Figure("... on the host, mruby compiled by gcc"),
        "interpreter_gap_closed_percent": Figure("made good of its loss to gcc", 50, at_least=True),
    },
    "A whole Linux": {
        "system_instructions_over_bare_percent": Figure("boot and loads, over bare", 0.5),
        "system_unasked_exits_count": Figure("exits that are no CPUID, MSR or port access", 0),
        "system_boot_over_bare_percent": Figure("from the kernel's entry to user space, over bare", 0.5),
        "system_loader_over_bare_percent": Figure("from the boot sector to there, over bare"),
        "system_boot_hypervisor_percent": Figure("of both in the hypervisor, exact", 0.5),
        "system_boot_exits_count": Figure("... VM exits in it"),
        **_system("fork", "fork, exec and page faults"),
        **_system("disk", "virtio and IDE disk", 0),
        **_system("net", "virtio network", 0),
        "boot_exits_count": Figure("VM exits in the built-in guest's run", 2500),
        "boot_hypervisor_share_percent": Figure("of it in the hypervisor from VMRUN on", 0.1),
        "boot_hypervisor_instructions": Figure("... as instructions"),
        "boot_instructions": Figure("executed from reset to power-off"),
        "boot_setup_instructions": Figure("in hypervisor and engine before the first VMRUN"),
        "boot_longest_exit_instructions": Figure("the longest from exit to VMRUN in it"),
    },
    "Sizes": {
        "reserved_bytes": Figure("memory taken from the guest", 32 << 20),
        "hypervisor_text_bytes": Figure("code of the hypervisor, decoder included"),
        "hypervisor_data_bytes": Figure("its data, zeros included"),
        "engine_image_bytes": Figure("of the engine's ELF that are loaded", 5 << 18),
        "cpl0_c_lines": Figure("our C and assembly at CPL 0, without comments and blanks"),
        "cpl0_base_c_lines": Figure("... of it what is none of the following", 22000),
        "cpl0_crypt_c_lines": Figure("... the cipher of encrypted disks (crypt)"),
        "cpl0_disk_c_lines": Figure("... controllers of disks (mediator/disk)"),
        "cpl0_net_c_lines": Figure("... network cards (mediator/net)"),
        "cpl0_virtio_c_lines": Figure("... what virtio's disks and network cards have in common (mediator/virtio)"),
        "cpl0_iommu_c_lines": Figure("... IOMMUs"),
        "cpl0_control_c_lines": Figure("... what loads scripts while the guest runs (control)"),
        "cpl0_third_party_c_lines": Figure("the decoder's and the portable cipher's C, linked in"),
    },
}  # fmt: skip

FIGURES = {name: figure for group in GROUPS.values() for name, figure in group.items()}


def beside(name, figures):
    """Returns what the figure stands beside: the bare machine's, or the host's; None if nothing."""
    return figures.get("bare_" + name, figures.get("host_" + name))


def is_short(name, figures):
    """Says whether a measured figure misses its target; None if it has none."""
    figure = FIGURES[name]
    if figure.target is None:
        return None
    if figure.at_least:
        return figures[name] < figure.target
    allowed = figure.target + figures.get(figure.noise, 0)
    if figure.over_bare:
        allowed += figures.get("bare_" + name, 0)
    return figures[name] > allowed
