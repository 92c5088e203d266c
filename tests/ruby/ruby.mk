# tests/ruby: what tests/ruby/run needs.
test-programs += $(build)/engine-run $(build)/engine-check $(build)/engine.elf \
	$(build)/engine-mrbtest.elf $(build)/mrbtest-native $(build)/mrbtest-check

# Longer repetitions of what tests/ruby/run does.
.PHONY: test-long test-long-strings
test-long: test-long-strings
test-long-strings: $(build)/engine-run $(build)/engine.elf
	@tests/ruby/compare_strings --calls 100000 --seed 1000 build/engine-run --engine build/engine.elf

# Each line of docs/mruby.md's table of faults, in mruby as it is, in CRuby and in the engine.
.PHONY: test-long-faults
test-long: test-long-faults
test-long-faults: $(build)/engine-run $(build)/engine.elf
	@tests/ruby/mruby_faults
