# tests/engine: a script engine without a script language, for the tests of process/ and hook/:
# build/tests/engine.elf. Its "scripts" are lists of commands, see tests/engine/engine.c.

test-engine := $(build)/tests/engine.elf
test-engine-objects := $(addprefix $(build)/tests/engine/,engine.o start.o action.o check.o fuzz.o)
test-programs += $(test-engine)

$(build)/tests/engine/%.o: tests/engine/%.c
	$(call step,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(bare-flags) -I . -I include -I tests/engine $(warnings) $(depend-flags) -c -o $@ $<

$(build)/tests/engine/%.o: tests/engine/%.S
	$(call step,AS,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(bare-flags) $(depend-flags) -c -o $@ $<

$(test-engine): $(test-engine-objects) tests/engine/engine.lds
	$(call step,LINK,$@)
	$(Q)$(LD) -nostdlib -static -z max-page-size=4096 -z noexecstack --build-id=none \
		-T tests/engine/engine.lds -o $@ $(test-engine-objects)

-include $(wildcard $(build)/tests/engine/*.d)
