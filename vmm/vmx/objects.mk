# vmm/vmx/: the Intel back end.
hypervisor-objects += $(patsubst %.c,%.o,$(wildcard vmm/vmx/*.c)) $(patsubst %.S,%.o,$(wildcard vmm/vmx/*.S))
