# The instruction-counting QEMU plugin of the benchmark.

bench-plugin := $(build)/tests/bench/plugin.so
bench-programs += $(bench-plugin) $(guest-programs)

$(bench-plugin): tests/bench/plugin.c
	$(call step,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=c11 -O2 -g -fPIC -shared -fvisibility=hidden -D_POSIX_C_SOURCE=200809L \
		$(warnings) -o $@ $<
