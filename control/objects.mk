# control/: the hypercall by which tools in the guest load, watch and unload scripts.
hypervisor-objects += $(patsubst %.c,%.o,$(wildcard control/*.c))
