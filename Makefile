# The build: set-up, the hypervisor, the engine, the images, and the targets that run them.
# What belongs to a folder is in its objects.mk. "make help" lists the targets.

MAKEFLAGS += --no-builtin-rules --no-builtin-variables
# On all CPUs; -j on the command line comes first.
ifeq ($(filter -j%,$(MAKEFLAGS)),)
MAKEFLAGS += -j$(shell nproc)
endif
SHELL := /bin/sh
.SUFFIXES:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all

build := build
# abspath would take a path with a blank for two.
cache := $(or $(RITEVISOR_CACHE),$(HOME)/.cache/ritevisor)
cache := $(if $(filter /%,$(cache)),,$(CURDIR)/)$(cache)
# The sources in there are prerequisites, and make's lists are separated by blanks. This folder's own
# path may have some: what needs it whole takes $(here), a link without.
ifneq ($(words $(cache)),1)
$(error the cache's path has a blank: set RITEVISOR_CACHE to a folder without, now it is $(cache))
endif
here := $(CURDIR)
ifneq ($(words $(CURDIR)),1)
here := $(cache)/links/$(firstword $(shell printf %s '$(CURDIR)' | cksum))
$(shell mkdir -p $(cache)/links && ln -sfn '$(CURDIR)' $(here))
endif

# V=1 shows commands; else one line a step: $(call step,CC,core/foo.c) before a quiet command.
Q := $(if $(V),,@)
step = @printf '%-6s %s\n' '$(1)' '$(2)'

# Set-up -------------------------------------------------------------------------------------
# build/prepared.mk is made before anything else is looked at: make remakes a makefile that it
# includes, then starts over. It holds the versions of tools/pins (mruby-version, ...).
unprepared-goals := clean help setup fetch
ifneq ($(filter-out $(unprepared-goals),$(or $(MAKECMDGOALS),all)),)
include $(build)/prepared.mk
endif

setup-inputs := tools/setup tools/fetch tools/lib.sh tools/packages tools/pins
$(build)/prepared.mk: $(setup-inputs)
	@tools/setup
	@tools/fetch
	@mkdir -p $(@D)
	@{ echo 'prepared-cache := $(cache)'; \
	   sed 's/#.*//' tools/pins | awk 'NF { print $$1 "-version := " $$2 }'; } >$@

# Another cache folder, or one that was emptied: prepare again.
ifdef prepared-cache
ifneq ($(prepared-cache),$(cache))
.PHONY: $(build)/prepared.mk
else ifeq ($(wildcard $(cache)/src/mruby-$(mruby-version)),)
.PHONY: $(build)/prepared.mk
endif
endif

mruby-source := $(cache)/src/mruby-$(mruby-version)
musl-source := $(cache)/src/musl-$(musl-version)
pcre2-source := $(cache)/src/pcre2-$(pcre2-version)
zydis-source := $(cache)/src/zydis-$(zydis-version)
zycore-source := $(cache)/src/zycore-c-$(zycore-c-version)
libsodium-source := $(cache)/src/libsodium-$(libsodium-version)
bearssl-source := $(cache)/src/bearssl-$(bearssl-version)
libb2-source := $(cache)/src/libb2-$(libb2-version)

.PHONY: setup fetch
setup:
	@tools/setup
fetch: setup
	@tools/fetch

# Bare-metal C ----------------------------------------------------------------------------------
CC := clang
LD := ld.lld
AR := llvm-ar
OBJCOPY := llvm-objcopy

warnings := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
	$(if $(WERROR),-Werror)

# No FPU, MMX, SSE or AVX: those registers belong to the guest.
bare-flags := --target=x86_64-unknown-none-elf -std=c11 -O2 -g -ffreestanding -nostdlibinc \
	-mno-sse -mno-mmx -mno-80387 -msoft-float -mno-red-zone -fno-pic -fno-stack-protector
depend-flags = -MMD -MP -MF $(@:.o=.d)

hypervisor-flags := $(bare-flags) -mcmodel=kernel -fno-omit-frame-pointer -I include -I .

# Folders add to these: hypervisor-objects += core/console.o
hypervisor-objects :=
engine-objects :=
host-programs := # for the user's machine, beside ./ritevisor

# What makes images of guests, and what it puts into them; before the rules that need it.
image-tool := tools/image $(wildcard tools/host/*.py) $(build)/hwcheck $(build)/ritectl $(build)/probe

-include $(wildcard boot/objects.mk core/objects.mk crypt/objects.mk vmm/objects.mk vmm/*/objects.mk)
-include $(wildcard iommu/objects.mk hook/objects.mk process/objects.mk control/objects.mk mediator/objects.mk mediator/*/objects.mk)
-include $(wildcard service/objects.mk engine/objects.mk)
-include boot/uefi/uefi.mk
-include $(wildcard tools/*/*.mk)
-include $(wildcard tests/*.mk tests/*/*.mk)

hypervisor-built := $(addprefix $(build)/hypervisor/,$(hypervisor-objects))

$(build)/hypervisor/%.o: %.c
	$(call step,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(hypervisor-flags) $(warnings) $(depend-flags) -c -o $@ $<

$(build)/hypervisor/%.o: %.S
	$(call step,AS,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(hypervisor-flags) $(depend-flags) -c -o $@ $<

-include $(hypervisor-built:.o=.d)

# hypervisor-libraries: archives of third-party code, added by the folder that uses them.
# Linked twice: the table of function names for backtraces is made from the first program and put
# behind the code of the second. ritevisor.debug.elf has line numbers too, for debuggers.
hypervisor-address := 0xffffffff80000000
hypervisor-link = $(LD) -nostdlib -static -z max-page-size=4096 -z noexecstack --build-id=none \
	-T boot/ritevisor.lds -o $(1) $(hypervisor-built) $(2) $(hypervisor-libraries)
symbols := $(build)/hypervisor/symbols
assemble := $(CC) --target=x86_64-unknown-none-elf -c -o

$(build)/ritevisor.debug.elf: boot/ritevisor.lds $(hypervisor-built) $(hypervisor-libraries) \
		tools/make-symbols
	$(call step,LINK,$@)
	@mkdir -p $(@D)
	$(Q)tools/make-symbols --empty >$(symbols).0.S && $(assemble) $(symbols).0.o $(symbols).0.S
	$(Q)$(call hypervisor-link,$(symbols).elf,$(symbols).0.o)
	$(Q)tools/make-symbols $(symbols).elf $(hypervisor-address) >$(symbols).1.S
	$(Q)$(assemble) $(symbols).1.o $(symbols).1.S
	$(Q)$(call hypervisor-link,$@,$(symbols).1.o)
	$(Q)tools/make-symbols $@ $(hypervisor-address) | cmp -s - $(symbols).1.S || \
		{ echo 'error: the table of symbols moved functions: see boot/ritevisor.lds' >&2; \
		  rm -f $@; exit 1; }

$(build)/ritevisor.elf: $(build)/ritevisor.debug.elf
	$(Q)$(OBJCOPY) --strip-debug $< $@

# The proof that a program is free of FPU instructions; remade when the program is. One file of the hypervisor's may
# have them.
$(build)/ritevisor.fpu-free: fpu-except := --except $(build)/hypervisor/crypt/aes_xts.o
$(build)/%.fpu-free: $(build)/%.elf tools/check-fpu
	$(call step,CHECK,$< uses no FPU)
	$(Q)tools/check-fpu $(fpu-except) $<
	@touch $@

# The guest for runs ------------------------------------------------------------------------------
$(build)/guest-initrd.gz: $(image-tool) $(wildcard tools/guest/*) \
		$(wildcard $(cache)/kernel/current/boot/vmlinuz-*)
	$(call step,IMAGE,$@)
	$(Q)tools/image initrd --output $@

$(build)/guest.img: $(build)/guest-initrd.gz $(image-tool)
	$(call step,IMAGE,$@)
	$(Q)tools/image disk --initrd $< --output $@

programs := $(build)/ritevisor.elf $(service-programs) $(build)/engine.elf $(build)/ritevisor.efi
programs-checked := $(addsuffix .fpu-free,$(basename $(filter %.elf,$(programs)))) \
	$(build)/ritevisor.efi

.PHONY: all run test bench fuzz image clean help
all: $(programs-checked) $(host-programs) $(build)/guest.img

# Targets ---------------------------------------------------------------------------------------
run-scripts := scripts/hello.rb scripts/pci_hide.rb scripts/rtc_rewrite.rb

run: all
	@./ritevisor boot $(if $(CPU),--cpu $(CPU)) $(addprefix --script ,$(run-scripts))

# Engines with gems of one's own, beside the plain one: docs/gems.md.
.PHONY: gems
gems: all
	@tools/gems $(GEMS)
ifneq ($(GEMS),)
.DEFAULT_GOAL := gems
endif

image: all
	@./ritevisor image $(addprefix --script ,$(run-scripts)) --output $(build)/ritevisor.iso

# For packages too: make install DESTDIR=/tmp/package PREFIX=/usr.
PREFIX := /usr/local
.PHONY: install
install: all
	@tools/place '$(abspath $(DESTDIR)/$(PREFIX))'

.PHONY: deb
deb: all
	@tools/setup $(here)/tools/packages-deb
	@tools/deb $(build)

# The checks that need no boot, also part of the tests.
.PHONY: check
check: $(programs-checked)
	$(call step,CHECK,layers)
	$(Q)tools/check-layers
	$(Q)tools/check-panics

# tests/*/*.mk add the programs that the runners need to test-programs and bench-programs.
.PHONY: test-programs
test-programs: all $(test-programs)

.PHONY: test-setup
test-setup:
	@tools/setup $(here)/tools/packages-test

# Bochs first: its build would use up the time that the first test has.
test: test-setup test-programs
	$(if $(filter amd,$(CPU)),,@tools/bochs >/dev/null)
	@tests/run --vendor $(or $(CPU),both)

# What takes hours, one after the other; SECONDS= is for each fuzzer and for the attempts to escape.
.PHONY: test-long
test-long: test-setup bench-setup test-programs
	@NUMBERS=100000 tests/ruby/run --long
	@$(MAKE) --no-print-directory test-boots
	@$(MAKE) --no-print-directory test-boots FIRMWARE=uefi
	@$(MAKE) --no-print-directory test-boots CPU=intel
	@$(MAKE) --no-print-directory escape
	@tests/forms/run
	@tests/differ/run --seed 2 --seeds 20
	@tests/differ/run --vendor intel --seed 2 --seeds 3 --sequences 500
	@$(MAKE) --no-print-directory fuzz
	@$(MAKE) --no-print-directory test-debian

bench: bench-setup all $(bench-programs)
	@tests/bench/run $(if $(CPU),--cpu $(CPU)) $(if $(ONLY),--only '$(ONLY)')

.PHONY: bench-setup
bench-setup:
	@tools/setup $(here)/tools/packages-bench

fuzz: all $(fuzz-programs)
	@FUZZ_SECONDS=$(or $(SECONDS),$(FUZZ_SECONDS),60) tests/fuzz/run

clean:
	rm -rf $(build)

help:
	@echo 'make          set up this machine, fetch sources, build everything'
	@echo 'make run      boot a Debian kernel under Ritevisor in QEMU, with Ruby on its I/O'
	@echo 'make test     all tests, on emulated CPUs of AMD (QEMU) and Intel (Bochs); the last line'
	@echo '              counts them; CPU=amd or CPU=intel for one of them'
	@echo 'make run CPU=intel: on the emulated Intel CPU'
	@echo 'make test-boots BOOTS=100: so many boots of Linux with 2 CPUs in a row (CPUS=, FIRMWARE=uefi)'
	@echo 'make test-debian: a whole Debian, bare and under Ritevisor; an hour or more (CASES=bios-stock)'
	@echo 'make escape SECONDS=7200: random attempts to leave the hypervisor (CPU=, SEED=; an hour by itself)'
	@echo 'make test-long: all of these, and the fuzzers; many hours'
	@echo 'make check    only the quick checks: no FPU code, includes follow the layers'
	@echo 'make bench    measure, print a table, write build/bench.json; ONLY=PATTERN for some figures,'
	@echo '              CPU=intel in Bochs'
	@echo 'make fuzz     fuzz the parsers and the script engine, SECONDS=60 each'
	@echo 'make image    write build/ritevisor.iso, which boots from CD and from a USB stick'
	@echo 'make install  put the commands, what they need and the docs below PREFIX (/usr/local); DESTDIR='
	@echo 'make deb      write build/ritevisor_VERSION_amd64.deb'
	@echo "make GEMS='DIR...': an engine with gems of your own, in Ruby or C (docs/gems.md)"
	@echo 'make kit      the C library and soft-float for other programs on the bare machine, in build/kit'
	@echo 'make test-long: longer repetitions of some tests'
	@echo 'make clean    remove build/ (the cache of sources stays: $(cache))'
	@echo
	@echo 'V=1 shows the commands, WERROR=1 makes warnings errors.'
	@echo './ritevisor --help says how to boot your own guest.'
