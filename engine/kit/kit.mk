# engine/kit: engine/libc and soft-float as something that other programs for the bare machine can link
# (README.md). The hello is built by its own Makefile, with nothing but what is in the kit.

kit := $(build)/kit
kit-sources := engine/kit/README.md $(wildcard engine/kit/hello/*) $(wildcard engine/libc/include/*.h) \
	tests/guest/start.S tests/guest/guest.lds LICENSE THIRD-PARTY

.PHONY: kit
kit: $(kit)/hello/hello.elf
	@echo 'the kit is in $(kit), see $(kit)/README.md'

$(kit)/hello/hello.elf: engine/kit/kit.mk $(kit-sources) $(engine-libc)
	$(call step,KIT,$(kit))
	$(Q)rm -rf $(kit) && mkdir -p $(kit)/lib $(kit)/hello
	$(Q)cp -R engine/libc/include engine/kit/README.md LICENSE THIRD-PARTY $(kit)
	$(Q)cp $(engine-libc) $(kit)/lib/libc.a
	$(Q)cp engine/kit/hello/* tests/guest/start.S $(kit)/hello && cp tests/guest/guest.lds $(kit)/hello/hello.lds
	$(Q)echo '$(filter-out -isystem engine/libc/include,$(engine-libc-flags))' >$(kit)/flags
	$(Q)$(MAKE) --no-print-directory -C $(kit)/hello CC=$(CC) LD=$(LD) OBJCOPY=$(OBJCOPY)
	$(Q)tools/check-fpu $(kit)/hello/hello.elf64
