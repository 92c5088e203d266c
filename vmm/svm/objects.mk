# vmm/svm/: the AMD back end.
hypervisor-objects += $(patsubst %.c,%.o,$(wildcard vmm/svm/*.c)) $(patsubst %.S,%.o,$(wildcard vmm/svm/*.S))
