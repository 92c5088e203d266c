# tests/softfloat: the engine's soft-float, the very objects that are shipped, against the host's
# FPU; and the proof that the test notices mistakes. "make softfloat-long" runs 100 million cases.

softfloat-build := $(build)/tests/softfloat
softfloat-flags := -std=gnu11 -O2 -g -fno-pie -ffp-contract=off -fno-builtin -I tests/softfloat
softfloat-sources := tests/softfloat/softfloat.c tests/softfloat/generate.c tests/softfloat/hooks.c
softfloat-headers := $(wildcard tests/softfloat/*.h)

# All of libc.a as one object whose symbols cannot meet the host's.
$(softfloat-build)/engine.o: $(engine-libc)
	$(call step,OBJCPY,$@)
	@mkdir -p $(@D)
	$(Q)$(LD) -r --whole-archive $< -o $@.plain
	$(Q)$(OBJCOPY) --prefix-symbols=engine_ $@.plain $@

$(build)/unit/softfloat: $(softfloat-sources) $(softfloat-headers) $(softfloat-build)/engine.o
	$(call step,UNIT,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(softfloat-flags) $(warnings) -no-pie -o $@ $(filter %.c %.o,$^) -lm

$(softfloat-build)/cost: tests/softfloat/cost.c tests/softfloat/generate.c tests/softfloat/hooks.c \
		$(softfloat-headers) $(softfloat-build)/engine.o
	$(call step,UNIT,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(softfloat-flags) $(warnings) -no-pie -o $@ $(filter %.c %.o,$^) -lm

# Instructions a call; make bench reads the same.
.PHONY: softfloat-cost
softfloat-cost: $(softfloat-build)/cost
	$<

# A libc with one mistake each: the line that a mutation of tests/softfloat/mutants changes.
$(build)/unit/softfloat_mutants: tests/softfloat/mutants tests/softfloat/run_mutants \
		$(softfloat-sources) $(softfloat-headers) $(engine-libc)
	$(call step,UNIT,$@)
	@mkdir -p $(@D)
	$(Q)printf '#!/bin/sh\nexec env CC="%s" FLAGS="%s" HOST_FLAGS="%s" LIBC=%s OUT=%s %s\n' \
		'$(CC)' '$(engine-libc-flags)' '$(softfloat-flags)' '$(engine-libc)' \
		'$(softfloat-build)/mutants' tests/softfloat/run_mutants >$@
	$(Q)chmod +x $@

softfloat-programs := $(build)/unit/softfloat $(build)/unit/softfloat_mutants
test-programs += $(softfloat-programs)
bench-programs += $(softfloat-build)/cost
unit: $(addsuffix .passed,$(softfloat-programs))

.PHONY: softfloat-long
softfloat-long: $(build)/unit/softfloat
	$(build)/unit/softfloat 100000000 1
