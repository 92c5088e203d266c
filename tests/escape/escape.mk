# The guest that tries to leave the hypervisor: build/tests/escape/escape.elf.

escape-objects := $(addprefix $(build)/tests/escape/,main.o cpu.o apic.o machine.o actions.o oracle.o \
	pages.o sleep.o random.o landing.o) $(addprefix $(build)/tests/guest/,start.o bios.o fault_entry.o fault.o \
	print.o power.o runtime.o)
escape-guest := $(build)/tests/escape/escape.elf
test-programs += $(escape-guest)

$(build)/tests/escape/%.o: tests/escape/%.c
	$(call step,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(guest-flags) $(warnings) $(depend-flags) -c -o $@ $<

$(build)/tests/escape/%.o: tests/escape/%.S
	$(call step,AS,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(guest-flags) $(depend-flags) -c -o $@ $<

$(escape-guest): $(escape-objects) tests/guest/guest.lds
	$(call step,LINK,$@)
	$(Q)$(LD) -nostdlib -static -z max-page-size=4096 -z noexecstack --build-id=none \
		-T tests/guest/guest.lds -o $(@:.elf=.elf64) $(escape-objects)
	$(Q)$(OBJCOPY) -O elf32-i386 $(@:.elf=.elf64) $@

-include $(wildcard $(build)/tests/escape/*.d)

# Hours of it: make escape SECONDS=7200 (CPU=intel).
.PHONY: escape
escape: all $(escape-guest)
	@tests/escape/run --seconds $(or $(SECONDS),3600) $(if $(CPU),--vendor $(CPU)) \
		$(if $(SEED),--seed $(SEED))
