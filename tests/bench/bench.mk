# What the benchmark runs: the instruction-counting QEMU plugin, the same Ruby built for this
# machine, and the programs that are measured.

bench-build := $(build)/tests/bench
bench-plugin := $(bench-build)/plugin.so
bench-programs += $(bench-plugin) $(guest-programs)

$(bench-plugin): tests/bench/plugin.c
	$(call step,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=c11 -O2 -g -fPIC -shared -fvisibility=hidden -D_POSIX_C_SOURCE=200809L \
		$(warnings) -o $@ $<

# mruby with our gems for this machine, with FPU and the host's C library, by either compiler. The
# rest is as in the engine: see "native" in build_config.rb. Debian's valgrind cannot read clang's
# debug information.
bench-mruby := $(build)/mruby-bench
bench-compilers := clang gcc
bench-hosts := $(bench-compilers:%=$(bench-build)/ruby-%)
bench-programs += $(bench-hosts)
.SECONDARY: $(bench-compilers:%=$(bench-mruby)/%/native/lib/libmruby.a)

$(bench-mruby)/%/native/lib/libmruby.a: CC = $*
$(bench-mruby)/%/native/lib/libmruby.a: engine/build_config.rb $(engine-gems) $(host-machine-inputs)
	$(call step,MRUBY,$@ (some minutes the first time))
	@mkdir -p $(bench-mruby)/$*
	$(Q)$(call mruby-forget,native,$(bench-mruby)/$*)
	$(Q)$(call mruby-rake,native,all,$(bench-mruby)/$*) \
		$(call mruby-quiet,$(bench-mruby)/$*/native.log)
	@touch $@

$(bench-build)/ruby-%: engine/host/program/run_script.c engine/host/program/arguments.c \
		engine/start/main.c $(bench-mruby)/%/native/lib/libmruby.a
	$(call step,HOST,$@)
	@mkdir -p $(@D)
	$(Q)$* $(host-flags) -O2 $(engine-includes) $(mruby-defines) -DRV_HOST \
		-Wl,--strip-debug -o $@ $^ -lm

# An engine that measures soft-float instead of running a script.
bench-softfloat := $(bench-build)/softfloat.elf
bench-programs += $(bench-softfloat)

$(bench-build)/%.o: tests/bench/%.c tests/softfloat/generate.h
	$(call step,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(engine-libc-flags) -fno-builtin -I engine -I tests/softfloat $(warnings) -c -o $@ $<

$(bench-build)/generate.o: tests/softfloat/generate.c tests/softfloat/generate.h
	$(call step,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(engine-libc-flags) -I tests/softfloat -c -o $@ $<

$(bench-softfloat): engine/engine.lds $(build)/engine/start/start.o \
		$(build)/engine/start/libc_hooks.o $(bench-build)/softfloat.o \
		$(bench-build)/generate.o $(engine-libc) $(build)/engine/libmruby.a
	$(call step,LINK,$@)
	$(Q)$(engine-link) -o $@ $(filter %.o,$^) --start-group $(filter %.a,$^) --end-group

# The hypervisor's own objects in a program of this machine.
bench-cipher := $(bench-build)/cipher
bench-programs += $(bench-cipher)

$(bench-cipher): tests/bench/cipher.c $(addprefix $(build)/hypervisor/crypt/,aes_xts.o xts.o) $(build)/bearssl.a
	$(call step,HOST,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=c11 -O2 -g $(warnings) -D_GNU_SOURCE -I include -I . -no-pie -o $@ $^

# The network service's own objects, likewise.
bench-wireguard := $(bench-build)/wireguard
bench-programs += $(bench-wireguard)

$(bench-wireguard): tests/bench/wireguard.c $(wireguard-objects)
	$(call step,HOST,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=c11 -O2 $(warnings) -D_GNU_SOURCE -I include -I . -no-pie -Wl,--strip-debug -o $@ $^
