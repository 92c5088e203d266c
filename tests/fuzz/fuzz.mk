# tests/fuzz: libFuzzer programs for the host, under ASan and UBSan. To add one: tests/fuzz/NAME.c
# with LLVMFuzzerTestOneInput(), and here
#   fuzz-names += NAME
#   fuzz-NAME-objects := folder/source.o ...
# A program built elsewhere joins by fuzz-programs += $(build)/fuzz/NAME.

fuzz-build := $(build)/fuzz
fuzz-flags := -std=c11 -D_GNU_SOURCE -g -O1 -fno-omit-frame-pointer -mno-red-zone \
	-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined \
	-I tests/unit/fake -I include -I . -I tests/unit -I tests/fuzz

fuzz-names := emulate walk acpi e820
fuzz-emulate-objects := $(addprefix vmm/,alu.o decode.o emulate.o emulate_stack.o emulate_string.o \
	operand.o mmio.o mmio_fault.o mmio_step.o mmio_hardware.o guest_walk.o guest_memory.o registry.o) tests/unit/fake_machine.o
fuzz-emulate-libraries := $(build)/unit/zydis.a
fuzz-walk-objects := vmm/guest_walk.o vmm/guest_memory.o tests/unit/fake_machine.o
fuzz-acpi-objects := core/acpi.o core/acpi_sleep.o tests/unit/fake_machine.o
fuzz-e820-objects := boot/e820.o

fuzz-programs += $(addprefix $(fuzz-build)/,$(fuzz-names))

$(fuzz-build)/objects/%.o: %.c
	$(call step,FUZZCC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(fuzz-flags) $(warnings) $(depend-flags) -c -o $@ $<

$(fuzz-build)/objects/vmm/decode.o: fuzz-flags += $(zydis-defines)

define fuzz-program
$(fuzz-build)/$(1): $$(addprefix $(fuzz-build)/objects/,tests/fuzz/$(1).o $$(fuzz-$(1)-objects)) \
		$$(fuzz-$(1)-libraries)
	$$(call step,FUZZ,$$@)
	$$(Q)$$(CC) -fsanitize=fuzzer,address,undefined -o $$@ $$^

-include $$(addprefix $(fuzz-build)/objects/,tests/fuzz/$(1).d $$(fuzz-$(1)-objects:.o=.d))
endef
$(foreach program,$(fuzz-names),$(eval $(call fuzz-program,$(program))))
