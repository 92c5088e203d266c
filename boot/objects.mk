# boot/: loaders' entries, options, and main.c, which puts the layers together.
hypervisor-objects += $(patsubst %.c,%.o,$(wildcard boot/*.c)) $(patsubst %.S,%.o,$(wildcard boot/*.S))

$(build)/hypervisor/boot/tpm_digest.o: hypervisor-flags += -I crypt/headers $(bearssl-flags)
