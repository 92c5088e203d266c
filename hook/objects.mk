# hook/: the table between registries or mediators and scripts.
hypervisor-objects += $(patsubst %.c,%.o,$(wildcard hook/*.c))
