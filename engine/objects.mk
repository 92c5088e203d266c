# engine: the CPL 3 program: mruby, our gems, our C library, the script loader and the event loop.
# Makes build/engine.elf; build/engine-mrbtest.elf runs mruby's own tests instead of a script.

include engine/libc/objects.mk
include engine/kit/kit.mk

# With gems of one's own (tools/host/gems.py): the same engine, once more, in the folder of that set.
gems-folder :=
engine-build := $(or $(gems-folder),$(build))
mruby-build := $(engine-build)/mruby
engine-gems := $(wildcard engine/vm/*.[ch] engine/gems/*/mrbgem.rake engine/gems/*/src/*.[ch] \
	engine/gems/*/pcre2/*.h engine/gems/*/mrblib/*.rb engine/gems/*/include/*/*.h)
engine-gem-tests := $(wildcard engine/gems/*/test/*.rb)
engine-includes := -I engine -I include -I . $(addprefix -I ,$(wildcard engine/gems/*/include)) \
	-isystem $(mruby-source)/include

# What the gem of packets has that needs no engine, for tests.
net-parts := $(addprefix engine/gems/ritevisor-net/src/,address.o checksum.o connections.o dns.o edit.o filter.o filter_lex.o \
	filter_names.o filter_primitive.o filter_relation.o filter_run.o packet.o rules.o)

# What changes mruby's structures; as in build_config.rb.
mruby-defines := -DMRB_NO_BOXING -DMRB_INT64 -DMRB_GC_TURN_OFF_GENERATIONAL -DMRB_UTF8_STRING \
	-DMRB_HEAP_PAGE_SIZE=256 -DMRB_USE_BIGINT

# mruby's rake decides itself what is stale; it writes nothing into mruby's source tree. Only one
# may run in a folder.
# $(call mruby-rake,target,tasks,folder)
mruby-rake = RITEVISOR_MRUBY_TARGET=$(1) RITEVISOR_CLANG=$(CC) RITEVISOR_AR=$(AR) RITEVISOR_OBJCOPY=$(OBJCOPY) \
	RITEVISOR_ENGINE_CFLAGS='$(subst engine/libc,$(here)/engine/libc,$(engine-libc-flags))' \
	RITEVISOR_GEMS=$(gems-folder:%=$(here)/%/links) \
	WERROR=$(WERROR) RITEVISOR_PCRE2=$(pcre2-source) MRUBY_CONFIG=$(here)/engine/build_config.rb \
	MRUBY_BUILD_DIR=$(here)/$(or $(3),$(mruby-build)) INSTALL_DIR=$(here)/$(mruby-build)/bin \
	flock $(or $(3),$(mruby-build))/lock rake --quiet -j2 -f $(mruby-source)/Rakefile $(2)
# A new name in one gem renumbers mruby's symbols, and rake does not see that our other gems depend on
# the numbers (their -isystem headers are left out of the .d files): they are made anew.
# The .d files of a build folder that was copied or moved name the old one: all is made anew. Under the
# lock, since those of another target that is being made say nothing yet.
# $(call mruby-forget,target,folder)
mruby-forget = ( flock 9; rm -rf $(2)/$(1)/mrbgems/ritevisor-*; for file in $(2)/*/src/class.d; do \
	[ ! -f "$$file" ] || grep -qF '$(here)/$(2)/' "$$file" || rm -rf "$${file%/src/class.d}"; done ) \
	9>$(2)/lock
# Its words matter only when it fails, or with V=1.
mruby-quiet = $(if $(V),,>$(1) 2>&1 || { cat $(1); exit 1; })

$(mruby-build)/engine/lib/libmruby.a: engine/build_config.rb $(engine-gems) $(wildcard include/rv/*.h) \
		$(gems-folder:%=%/files)
	$(call step,MRUBY,$@ (some minutes the first time))
	@mkdir -p $(mruby-build)
	$(Q)$(call mruby-forget,engine,$(mruby-build))
	$(Q)$(call mruby-rake,engine,all) $(call mruby-quiet,$(mruby-build)/engine.log)
	@touch $@

# Float#to_s prints the shortest text that reads back exactly: numeric.o calls our formatter, as
# engine/libc/README.md explains.
$(engine-build)/engine/libmruby.a: $(mruby-build)/engine/lib/libmruby.a
	$(call step,AR,$@)
	@mkdir -p $(@D)
	$(Q)rm -rf $@.d && mkdir $@.d && cp $< $@.d/libmruby.a && cd $@.d && \
		$(AR) x libmruby.a numeric.o && \
		$(OBJCOPY) --redefine-sym mrb_format_float=engine_format_float_shortest numeric.o && \
		$(AR) r libmruby.a numeric.o && mv libmruby.a .. && cd .. && rm -rf $(@F).d

engine-objects := $(addprefix $(build)/engine/,start/start.o start/alarm_entry.o start/main.o start/libc_hooks.o)

$(build)/engine/start/%.o: engine/start/%.c
	$(call step,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(engine-libc-flags) $(engine-includes) $(mruby-defines) \
		$(warnings) -Wno-unused-parameter $(depend-flags) -c -o $@ $<

$(build)/engine/start/%.o: engine/start/%.S
	$(call step,AS,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) --target=x86_64-unknown-none-elf $(depend-flags) -c -o $@ $<

engine-link = $(LD) -nostdlib -static -z max-page-size=4096 -z noexecstack --build-id=none \
	--strip-debug --gc-sections -T engine/engine.lds

$(engine-build)/engine.elf: engine/engine.lds $(engine-objects) $(engine-libc) $(engine-build)/engine/libmruby.a
	$(call step,LINK,$@)
	$(Q)$(engine-link) --wrap=printf -o $@ $(engine-objects) --start-group $(engine-libc) \
		$(engine-build)/engine/libmruby.a --end-group

-include $(engine-objects:.o=.d)

mruby-test-build := $(build)/mruby-test

# On the host ---------------------------------------------------------------------------------
# build/engine-run plays events against engine.elf itself; build/engine-check is the same engine
# built for the host under ASan and UBSan, with the library of mrbtest-check below. Both have the
# simulated machine of engine/host.
# What decides is the hypervisor's own; engine/host/mrbgem.rake reads the same list.
host-hypervisor-sources := $(wildcard $(shell cat engine/host/hypervisor.list))
# What a library of mruby with the simulated machine is made of, beside the gems.
host-machine-inputs := $(wildcard engine/host/src/*.[ch] include/rv/*.h hook/*.h) $(host-hypervisor-sources)
host-machine-sources := $(wildcard engine/host/src/*.c) engine/host/program/arguments.c \
	$(host-hypervisor-sources) hook/kinds.c
host-flags := -std=gnu11 -O1 -g -I engine/host/src -I engine/host/program -I include -I .
host-sanitizers := -fsanitize=address,undefined -fno-sanitize-recover=undefined \
	-fno-omit-frame-pointer

host-programs += $(build)/engine-run
$(build)/engine-run: engine/host/program/run_elf.c $(host-machine-sources) \
		$(wildcard engine/host/*/*.h include/rv/*.h hook/*.h vmm/*.h)
	$(call step,HOST,$@)
	$(Q)$(CC) $(host-flags) $(warnings) -o $@ $(filter %.c,$^)

$(build)/engine-check: engine/host/program/run_script.c engine/host/program/arguments.c \
		engine/start/main.c $(mruby-test-build)/check.built
	$(call step,HOST,$@)
	$(Q)$(CC) $(host-flags) $(host-sanitizers) $(engine-includes) $(mruby-defines) -DRV_HOST \
		$(warnings) -Wno-unused-parameter -o $@ $(filter %.c,$^) \
		$(mruby-test-build)/check/lib/libmruby.a -lm

# mruby's own tests --------------------------------------------------------------------------
# The same tests on the bare machine (build/engine-mrbtest.elf, started instead of engine.elf) and
# on this one (build/mrbtest-native); build/mrbtest-check adds our gems' tests, under sanitizers.

$(mruby-test-build)/%.built: engine/build_config.rb $(engine-gems) $(engine-gem-tests) \
		$(host-machine-inputs)
	$(call step,MRUBY,tests for $* (some minutes the first time))
	@mkdir -p $(mruby-test-build)
	$(Q)$(call mruby-forget,$*,$(mruby-test-build))
	$(Q)RITEVISOR_MRBTEST=1 $(call mruby-rake,$*,test:build,$(mruby-test-build)) \
		$(call mruby-quiet,$(mruby-test-build)/$*.log)
	@touch $@

$(build)/mrbtest-native $(build)/mrbtest-check: $(build)/mrbtest-%: $(mruby-test-build)/%.built
	$(Q)cp $(mruby-test-build)/$*/bin/mrbtest $@

mrbtest-objects := $(addprefix $(mruby-test-build)/engine/mrbgems/mruby-test/,driver.o vformat.o mrbtest.o)

$(build)/engine-mrbtest.elf: engine/engine.lds $(build)/engine/start/start.o \
		$(build)/engine/start/mrbtest.o $(build)/engine/start/libc_hooks.o $(engine-libc) \
		$(mruby-test-build)/engine.built
	$(call step,LINK,$@)
	$(Q)$(engine-link) -o $@ $(filter %.o,$^) $(mrbtest-objects) --start-group $(engine-libc) \
		$(mruby-test-build)/engine/mrbgems/mruby-test/mrbtest.a \
		$(mruby-test-build)/engine/lib/libmruby.a --end-group
