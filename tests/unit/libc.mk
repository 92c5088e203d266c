# tests/unit/libc*: the engine's C library on the host. libc_decimal, libc_math and libc_string
# call the shipped objects (tests/softfloat/softfloat.mk makes engine.o of libc.a); libc_heap
# compiles the allocator for the host, under the sanitizers.

libc-test-objects := $(softfloat-build)/engine.o tests/softfloat/generate.c tests/softfloat/hooks.c
libc-test-names := libc_decimal libc_math libc_string

$(addprefix $(build)/unit/,$(libc-test-names)): $(build)/unit/%: tests/unit/%.c $(libc-test-objects) \
		$(softfloat-headers) tests/unit/unit.h
	$(call step,UNIT,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(softfloat-flags) $(warnings) -I tests/unit -no-pie -o $@ $(filter %.c %.o,$^) -lm

# The same math sources for this machine's FPU, every name with the prefix native_.
native-flags := -std=gnu11 -O2 -w -ffp-contract=off -fno-builtin -fno-pie -nostdlibinc \
	-isystem engine/libc/include -I $(musl-source)/src/internal -I engine/libc/musl \
	-I $(musl-source)/arch/x86_64 -I $(musl-source)/arch/generic
native-musl-sources := $(addprefix $(musl-source)/src/, \
	$(filter math/% complex/%,$(engine-musl-sources)))
# Ours stop at undefined behaviour.
native-own-sources := $(filter engine/libc/fixed/%,$(engine-libc-sources)) \
	$(addprefix engine/libc/softfloat/,complex.c fmod.c round.c scale.c square_root.c pack.c)

$(softfloat-build)/native.o: $(native-musl-sources) $(native-own-sources) $(engine-libc)
	$(call step,CC,$@)
	@mkdir -p $(@D)/native
	$(Q)cd $(@D)/native && rm -f *.o && \
		$(CC) $(patsubst engine/%,$(here)/engine/%,$(native-flags)) \
		-include $(here)/engine/libc/musl/environment.h -c $(native-musl-sources) && \
		$(CC) $(patsubst engine/%,$(here)/engine/%,$(native-flags)) \
		-fsanitize=undefined -fsanitize-trap=undefined \
		-c $(addprefix $(here)/,$(native-own-sources))
	$(Q)$(LD) -r $(@D)/native/*.o -o $@.plain
	$(Q)$(OBJCOPY) --prefix-symbols=native_ $@.plain $@

$(build)/unit/libc_math: $(softfloat-build)/native.o

libc-test-programs := $(addprefix $(build)/unit/,$(libc-test-names))
test-programs += $(libc-test-programs)
unit: $(addsuffix .passed,$(libc-test-programs))

# The allocator keeps its own names apart from the host's, whose malloc the sanitizers use.
libc-heap-sources := $(addprefix engine/libc/memory/,heap.c heap_measure.c malloc.c)

$(build)/unit/libc_heap: tests/unit/libc_heap.c $(libc-heap-sources) tests/unit/libc_heap_names.h \
		engine/libc/memory/heap.h tests/unit/unit.h tests/unit/unit.mk
	$(call step,UNIT,$@)
	@mkdir -p $(@D) $(softfloat-build)/heap
	$(Q)$(CC) $(unit-flags) $(warnings) -c -o $(softfloat-build)/libc_heap.o $<
	$(Q)cd $(softfloat-build)/heap && $(CC) $(unit-flags) $(warnings) -c \
		-include $(here)/tests/unit/libc_heap_names.h $(addprefix $(here)/,$(libc-heap-sources))
	$(Q)$(CC) $(unit-flags) -o $@ $(softfloat-build)/libc_heap.o $(softfloat-build)/heap/*.o

test-programs += $(build)/unit/libc_heap
unit: $(build)/unit/libc_heap.passed

# The C sources of soft-float, decimal conversion and printf under the sanitizers, by the same
# tests, with fewer cases.
sanitized-sources := $(addprefix engine/libc/,$(filter softfloat/%.c format/%.c stdio/printf.c stdio/conversion.c, \
	$(patsubst engine/libc/%,%,$(engine-libc-sources))))
sanitized-objects := $(patsubst engine/libc/%.c,$(softfloat-build)/sanitized/%.o,$(sanitized-sources))

$(softfloat-build)/sanitized/%.o: engine/libc/%.c tests/unit/libc_sanitized.h
	$(call step,UNITCC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(unit-flags) -std=gnu11 -w -fno-builtin -ffp-contract=off $(depend-flags) \
		-include tests/unit/libc_sanitized.h -c -o $@ $<

-include $(sanitized-objects:.o=.d)

sanitized-programs := $(addprefix $(build)/unit/,softfloat_sanitized libc_decimal_sanitized)
$(build)/unit/softfloat_sanitized: tests/softfloat/softfloat.c
$(build)/unit/libc_decimal_sanitized: tests/unit/libc_decimal.c
$(sanitized-programs): tests/unit/libc_sanitized.c tests/softfloat/generate.c tests/unit/unit.h \
		$(softfloat-headers) $(sanitized-objects)
	$(call step,UNIT,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(unit-flags) -std=gnu11 $(warnings) -fno-builtin -ffp-contract=off \
		-DCASES_DEFAULT=50000 -I tests/softfloat -o $@ $(filter %.c %.o,$^) -lm

test-programs += $(sanitized-programs)
unit: $(addsuffix .passed,$(sanitized-programs))
