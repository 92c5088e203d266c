# tests/ruby: what tests/ruby/run needs.
test-programs += $(build)/engine-run $(build)/engine-check $(build)/engine.elf \
	$(build)/engine-mrbtest.elf $(build)/mrbtest-native $(build)/mrbtest-check
