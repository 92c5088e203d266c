# vmm/: the vCPU, what is intercepted, and the guest's memory.
hypervisor-objects += $(patsubst %.c,%.o,$(wildcard vmm/*.c)) $(patsubst %.S,%.o,$(wildcard vmm/*.S))

# Zydis: the decoder alone, without what a hypervisor has no use for.
zydis-defines := -DZYAN_NO_LIBC -DZYDIS_STATIC_BUILD -DZYCORE_STATIC_BUILD \
	-DZYDIS_DISABLE_ENCODER -DZYDIS_DISABLE_FORMATTER -DZYDIS_DISABLE_SEGMENT \
	-DZYDIS_DISABLE_AVX512 -DZYDIS_DISABLE_KNC \
	-isystem $(zydis-source)/include -isystem $(zycore-source)/include
zydis-names := Decoder DecoderData Register SharedData
zydis-objects := $(zydis-names:%=$(build)/zydis/%.o)

$(zydis-objects): $(build)/zydis/%.o: $(zydis-source)/src/%.c
	$(call step,CC,zydis/$*.c)
	@mkdir -p $(@D)
	$(Q)$(CC) $(hypervisor-flags) $(zydis-defines) -I $(zydis-source)/src -w -c -o $@ $<

$(build)/zydis.a: $(zydis-objects)
	$(call step,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

hypervisor-libraries += $(build)/zydis.a

$(build)/hypervisor/vmm/decode.o: hypervisor-flags += $(zydis-defines)
