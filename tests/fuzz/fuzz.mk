# tests/fuzz: libFuzzer programs for the host, under ASan and UBSan. To add one: tests/fuzz/NAME.c
# with LLVMFuzzerTestOneInput(), and here
#   fuzz-names += NAME
#   fuzz-NAME-objects := folder/source.o ...
# A program built elsewhere joins by fuzz-programs += $(build)/fuzz/NAME.

fuzz-build := $(build)/fuzz
fuzz-coverage-flags := $(if $(COVERAGE),-fprofile-instr-generate -fcoverage-mapping) # tests/fuzz/coverage
fuzz-flags := -std=c11 -D_GNU_SOURCE -g -O1 -fno-omit-frame-pointer -mno-red-zone \
	-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined \
	-I tests/unit/fake -I include -I . -I tests/unit -I tests/fuzz \
	$(fuzz-coverage-flags)

fuzz-names := emulate walk acpi e820 elf options decimal control wire minisign packets luks tpm card wireguard usb net
fuzz-minisign-objects := service/base64.o service/minisign.o service/check.o
fuzz-minisign-libraries := $(build)/sodium.a
fuzz-luks-objects := $(luks-parts) core/print.o core/string.o
fuzz-luks-libraries := $(build)/sodium.a $(build)/unit/bearssl.a
fuzz-tpm-objects := $(tpm-parts) core/print.o core/string.o
fuzz-tpm-libraries := $(build)/unit/tpm_bearssl.a
fuzz-card-objects := $(card-parts) core/print.o core/string.o
fuzz-card-libraries := $(build)/unit/tpm_bearssl.a
$(build)/fuzz/objects/service/tpm_crypto.o: fuzz-flags += $(bearssl-flags)
$(build)/fuzz/objects/crypt/xts.o: fuzz-flags += $(bearssl-flags)
$(build)/fuzz/objects/service/check.o $(build)/fuzz/objects/service/kdf.o: fuzz-flags += $(sodium-defines) -Wno-strict-prototypes
fuzz-wireguard-objects := $(wireguard-parts) core/print.o core/string.o
fuzz-wireguard-libraries := $(build)/unit/wireguard.a $(build)/sodium.a
fuzz-net-objects := $(fuzz-wireguard-objects) $(net-service-parts) mediator/net/egress.o
fuzz-net-libraries := $(fuzz-wireguard-libraries)
$(build)/fuzz/objects/service/wireguard_crypto.o: fuzz-flags += $(wireguard-defines)
fuzz-emulate-objects := $(addprefix vmm/,alu.o breakpoint.o decode.o emulate.o emulate_stack.o emulate_string.o \
	operand.o mmio.o mmio_fault.o mmio_step.o mmio_hardware.o guest_walk.o guest_memory.o registry.o) tests/unit/fake_machine.o
fuzz-emulate-libraries := $(build)/unit/zydis.a
fuzz-walk-objects := vmm/guest_walk.o vmm/guest_memory.o tests/unit/fake_machine.o
fuzz-control-objects := $(addprefix control/,control_command.o control_key.o control_script.o control_session.o) core/string.o
fuzz-wire-objects := $(addprefix control/,wire_frame.o wire_turn.o wire_text.o) core/print.o core/string.o
fuzz-usb-objects := mediator/usb/usb_descriptors.o
fuzz-packets-objects := $(net-parts)
fuzz-elf-objects := process/elf.o
fuzz-options-objects := boot/encrypt_option.o boot/vpn_option.o boot/options.o core/string.o
fuzz-acpi-objects := $(addprefix core/,acpi.o acpi_madt.o acpi_power.o acpi_sleep.o) vmm/acpi_hide.o tests/unit/fake_machine.o
fuzz-e820-objects := boot/e820.o

fuzz-programs += $(addprefix $(fuzz-build)/,$(fuzz-names))

$(fuzz-build)/objects/%.o: %.c
	$(call step,FUZZCC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(fuzz-flags) $(warnings) $(depend-flags) -c -o $@ $<

$(fuzz-build)/objects/vmm/decode.o: fuzz-flags += $(zydis-defines)

# Its memcpy() and so on must not replace the host's, which the sanitizers watch.
$(fuzz-build)/objects/core/string.o: fuzz-flags += -fno-builtin \
	$(foreach name,memcpy memmove memset memcmp strlen strcmp strncmp,-D$(name)=core_$(name))

# The C library's sources, under names that keep them apart from the host's (tests/unit/libc.mk).
fuzz-libc-names := $(basename $(filter softfloat/%.c format/%.c stdio/printf.c stdio/conversion.c, \
	$(patsubst engine/libc/%,%,$(engine-libc-sources))))
fuzz-decimal-objects := $(addprefix libc/,$(addsuffix .o,$(fuzz-libc-names))) tests/unit/libc_sanitized.o

$(fuzz-build)/objects/libc/%.o: engine/libc/%.c tests/unit/libc_sanitized.h
	$(call step,FUZZCC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(fuzz-flags) -std=gnu11 -w -fno-builtin -ffp-contract=off $(depend-flags) \
		-include tests/unit/libc_sanitized.h -c -o $@ $<

$(fuzz-build)/objects/tests/unit/libc_sanitized.o: fuzz-flags += -std=gnu11 -fno-builtin

# fuzz-NAME-main: what has LLVMFuzzerTestOneInput(), if that is not NAME.c.
define fuzz-program
$(fuzz-build)/$(1): $$(addprefix $(fuzz-build)/objects/,$$(or $$(fuzz-$(1)-main),tests/fuzz/$(1).o) $$(fuzz-$(1)-objects)) \
		$$(fuzz-$(1)-libraries)
	$$(call step,FUZZ,$$@)
	$$(Q)$$(CC) -fsanitize=fuzzer,address,undefined $$(fuzz-coverage-flags) -o $$@ $$^

-include $$(addprefix $(fuzz-build)/objects/,$$(patsubst %.o,%.d,$$(or $$(fuzz-$(1)-main),tests/fuzz/$(1).o)) $$(fuzz-$(1)-objects:.o=.d))
endef
$(foreach program,$(fuzz-names),$(eval $(call fuzz-program,$(program))))

# The script engine: mruby and the gems, instrumented, with the simulated machine of engine/host.
fuzz-mruby := $(build)/mruby-fuzz/fuzz/lib/libmruby.a
fuzz-engine-names := script calls
fuzz-programs += $(addprefix $(fuzz-build)/engine_,$(fuzz-engine-names))

$(fuzz-mruby): engine/build_config.rb $(engine-gems) $(host-machine-inputs)
	$(call step,MRUBY,$@ (some minutes the first time))
	@mkdir -p $(build)/mruby-fuzz
	$(Q)$(call mruby-forget,fuzz,$(build)/mruby-fuzz)
	$(Q)$(call mruby-rake,fuzz,all,$(build)/mruby-fuzz) $(call mruby-quiet,$(build)/mruby-fuzz/log)
	@touch $@

$(fuzz-build)/engine_%: tests/fuzz/engine_%.c tests/fuzz/engine.c tests/fuzz/engine.h $(fuzz-mruby)
	$(call step,FUZZ,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(host-flags) $(host-sanitizers) -fsanitize=fuzzer $(engine-includes) \
		-I engine/gems/ritevisor-hook/src $(mruby-defines) -DRV_HOST -DMRB_USE_DEBUG_HOOK $(warnings) -Wno-unused-parameter \
		-Wl,--wrap=host_syscall -o $@ $(filter %.c,$^) $(fuzz-mruby) -lm
