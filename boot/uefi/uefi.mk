# boot/uefi: ritevisor.efi, a PE32+ program for UEFI firmware, made by clang and lld alone. Parts of
# core that touch no hypervisor state are compiled a second time for it.

efi-flags := --target=x86_64-unknown-windows -std=c11 -O2 -ffreestanding -nostdlibinc -fshort-wchar \
	-mno-sse -mno-mmx -mno-80387 -msoft-float -mno-red-zone -mno-stack-arg-probe \
	-fno-stack-protector -I include -I .
efi-objects := $(patsubst %.c,%.o,$(wildcard boot/uefi/*.c)) \
	$(patsubst %.S,%.o,$(wildcard boot/uefi/*.S)) boot/boot_unsealed.o boot/memory_need.o boot/passphrase.o core/console.o core/print.o core/string.o \
	$(sort $(tpm-parts) $(card-parts)) $(tpm-bearssl:%=bearssl/%.o)
efi-built := $(addprefix $(build)/efi/,$(efi-objects))

$(build)/efi/bearssl/%.o: $(bearssl-source)/src/%.c $(wildcard crypt/headers/*.h)
	$(call step,CC,bearssl/$*.c for UEFI)
	@mkdir -p $(@D)
	$(Q)$(CC) $(efi-flags) -I crypt/headers $(bearssl-flags) -w -c -o $@ $<

$(build)/efi/service/tpm_crypto.o: efi-flags += -I crypt/headers $(bearssl-flags)
$(build)/efi/%.o: %.c
	$(call step,CC,$< for UEFI)
	@mkdir -p $(@D)
	$(Q)$(CC) $(efi-flags) $(warnings) $(depend-flags) -c -o $@ $<

$(build)/efi/%.o: %.S
	$(call step,AS,$< for UEFI)
	@mkdir -p $(@D)
	$(Q)$(CC) $(efi-flags) $(depend-flags) -c -o $@ $<

-include $(efi-built:.o=.d)

$(build)/ritevisor.efi: $(efi-built)
	$(call step,LINK,$@)
	$(Q)lld-link /nologo /subsystem:efi_application /entry:efi_main /nodefaultlib /Brepro \
		/out:$@ $(efi-built)
