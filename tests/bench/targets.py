"""The figures' names in the order of the table, what they mean, and the targets to reach."""

# name: (what it is, largest value wanted or None)
FIGURES = {
    "cpuid_exit_instructions": ("CPUID, in a loop", 150),
    "port_unclaimed_instructions": ("read of a port that nobody claims", 0),
    "port_c_instructions": ("read of a port that C claims and passes on", None),
    "port_filtered_instructions": ("read of a hooked port, rejected by the filter in C", 220),
    "port_ruby_instructions": ("read of a port with a Ruby hook that returns at once", 2500),
    "port_ruby_change_instructions": ("write to a port with a hook that changes it", None),
    "pci_unclaimed_instructions": ("PCI configuration read by CF8/CFC, unclaimed", 0),
    "msr_unclaimed_instructions": ("RDMSR, unclaimed", 0),
    "mmio_unclaimed_instructions": ("read of a device register in memory, unclaimed", 0),
    "boot_exits_count": ("VM exits in a whole Linux boot, no script", 2500),
    "boot_hypervisor_share_percent": ("of that boot spent in the hypervisor, from its first VMRUN",
                                      0.1),
    "boot_instructions": ("executed in that boot in all", None),
    "boot_hypervisor_instructions": ("of those, in the hypervisor and engine after first VMRUN",
                                     None),
    "boot_setup_instructions": ("in the hypervisor and engine before the first VMRUN", None),
    "boot_longest_exit_instructions": ("the longest from exit to VMRUN in that boot", None),
    "reserved_bytes": ("of memory taken from the guest", 32 << 20),
    "hypervisor_text_bytes": ("of code in the hypervisor, third-party decoder included", None),
    "hypervisor_data_bytes": ("of its data, zeros included", None),
    "engine_image_bytes": ("of the engine's ELF that are loaded", 1 << 20),
    "cpl0_c_lines": ("of our C and assembly at CPL 0, without comments and blanks", None),
    "cpl0_third_party_c_lines": ("of the decoder's C, linked in", None),
}  # fmt: skip

# These are wanted relative to the bare figure: at most so many more.
RELATIVE = {
    "port_unclaimed_instructions", "pci_unclaimed_instructions", "msr_unclaimed_instructions",
    "mmio_unclaimed_instructions",
}  # fmt: skip
