# tests/ruby: what tests/ruby/run needs.
test-programs += $(build)/engine-run $(build)/engine-check $(build)/engine.elf \
	$(build)/engine-mrbtest.elf $(build)/mrbtest-native $(build)/mrbtest-check

# Longer repetitions of what tests/ruby/run does.
.PHONY: test-long test-long-strings
test-long: test-long-strings
test-long-strings: $(build)/engine-run $(build)/engine.elf
	@tests/ruby/compare_strings --calls 100000 --seed 1000 build/engine-run --engine build/engine.elf
