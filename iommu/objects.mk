# iommu/: what keeps devices out of our memory.
hypervisor-objects += $(patsubst %.c,%.o,$(wildcard iommu/*.c))
