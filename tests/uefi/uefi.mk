# tests/uefi: programs for UEFI that system tests start beside the loader (tests/system/uefi --copy).

uefi-tests := $(addprefix $(build)/tests/uefi/,calls.efi deaf.efi disables.efi forgets.efi mute.efi refuses.efi translates.efi unseals.efi wakes.efi)
uefi-test-objects := $(addprefix $(build)/efi/,tests/uefi/say.o boot/uefi/chain.o boot/uefi/text.o \
	core/console.o core/print.o core/string.o)
test-programs += $(uefi-tests)

$(build)/tests/uefi/unseals.efi: $(addprefix $(build)/efi/,boot/uefi/file.o $(tpm-parts) $(tpm-bearssl:%=bearssl/%.o))
$(uefi-tests): $(build)/tests/uefi/%.efi: $(build)/efi/tests/uefi/%.o $(uefi-test-objects)
	$(call step,LINK,$@)
	@mkdir -p $(@D)
	$(Q)lld-link /nologo /subsystem:efi_application /entry:efi_main /nodefaultlib /Brepro \
		/out:$@ $^

-include $(uefi-tests:$(build)/tests/uefi/%.efi=$(build)/efi/tests/uefi/%.d) \
	$(build)/efi/tests/uefi/say.d
