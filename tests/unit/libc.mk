# tests/unit/libc*: the engine's C library on the host. libc_decimal, libc_math and libc_string
# call the shipped objects (tests/softfloat/softfloat.mk makes engine.o of libc.a); libc_heap
# compiles the allocator for the host, under the sanitizers.

libc-test-objects := $(softfloat-build)/engine.o tests/softfloat/generate.c tests/softfloat/hooks.c
libc-test-names := libc_decimal

$(addprefix $(build)/unit/,$(libc-test-names)): $(build)/unit/%: tests/unit/%.c $(libc-test-objects) \
		$(softfloat-headers) tests/unit/unit.h
	$(call step,UNIT,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(softfloat-flags) $(warnings) -I tests/unit -no-pie -o $@ $(filter %.c %.o,$^) -lm

libc-test-programs := $(addprefix $(build)/unit/,$(libc-test-names))
test-programs += $(libc-test-programs)
unit: $(addsuffix .passed,$(libc-test-programs))
