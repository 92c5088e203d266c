# process/: script engines at CPL 3.
hypervisor-objects += $(patsubst %.c,%.o,$(wildcard process/*.c)) \
	$(patsubst %.S,%.o,$(wildcard process/*.S))
