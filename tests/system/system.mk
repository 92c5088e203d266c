# What system tests need beside the bare guests: the engine that means harm.

hostile-objects := $(build)/tests/system/hostile.o $(build)/tests/system/start.o
hostile-engine := $(build)/tests/system/hostile.elf
test-programs += $(hostile-engine)

$(build)/tests/system/%.o: tests/system/engines/%.c
	$(call step,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(bare-flags) -I . -I include $(warnings) $(depend-flags) -c -o $@ $<

$(build)/tests/system/%.o: tests/system/engines/%.S
	$(call step,AS,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(bare-flags) $(depend-flags) -c -o $@ $<

$(hostile-engine): tests/system/engines/engine.lds $(hostile-objects)
	$(call step,LINK,$@)
	$(Q)$(LD) -nostdlib -static -z max-page-size=4096 -z noexecstack --build-id=none \
		-T tests/system/engines/engine.lds -o $@ $(hostile-objects)

-include $(hostile-objects:.o=.d)

# A program for Linux behind us that asks the TPM, by what the loader asks it with.
tpm-guest := $(build)/tests/system/tpm_guest
test-programs += $(tpm-guest)
$(tpm-guest): tests/system/tpm_guest.c $(tpm-parts:.o=.c) core/print.c core/string.c
	$(call step,HOST,$@)
	@mkdir -p $(@D)
	$(Q)gcc -std=gnu11 -O1 -fno-builtin -Wall -Wextra -static -s -I include -I . $(bearssl-flags) -o $@ $^ \
		$(addprefix $(bearssl-source)/src/,$(addsuffix .c,$(sort $(tpm-bearssl))))

# A kernel with drivers for all devices, and an initramfs with those for disks: fetched when tests are made.
stock-kernel := $(build)/tests/stock/vmlinuz
stock-initrd := $(build)/tests/stock/initrd.gz
test-programs += $(stock-kernel) $(stock-initrd)

$(stock-kernel): tools/fetch
	$(call step,FETCH,the stock kernel)
	@mkdir -p $(@D)
	$(Q)tools/fetch stock && cp $(cache)/kernel/stock/boot/vmlinuz-* $@

$(stock-initrd): $(stock-kernel) $(image-tool) $(build)/ritectl $(wildcard tools/guest/*)
	$(call step,IMAGE,$@)
	$(Q)tools/image initrd --kernel $(cache)/kernel/stock --output $@

# Many boots in a row, not part of "make test": make test-boots BOOTS=100 FIRMWARE=uefi CPU=intel.
.PHONY: test-boots
test-boots: all
	@tests/system/boots $(if $(BOOTS),--boots $(BOOTS)) $(if $(CPUS),--smp $(CPUS)) \
		$(if $(CPU),--cpu $(CPU)) $(if $(FIRMWARE),--firmware $(FIRMWARE))

# System tests that take too long for "make test": system/long/*.test.
.PHONY: test-long test-long-system
test-long: test-long-system
test-long-system: test-programs
	@tests/run --long

# The hypervisor's own objects of the cipher in a program for valgrind, whose headers come with it and which cannot
# read clang's debug information: in the long run.
constant-time-objects := $(addprefix $(build)/hypervisor/crypt/,aes_xts.o xts.o) $(build)/bearssl.a
$(build)/tests/constant_time: tests/system/constant_time.c $(constant-time-objects)
	$(call step,HOST,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=c11 -O1 -Wl,--strip-debug $(warnings) -D_GNU_SOURCE -I include -I . -no-pie -o $@ $^

# The same of the program that unlocks disks.
unlock-time-objects := $(filter-out %/start.o %/keeper_main.o,$(keeper-objects))
$(build)/tests/unlock_time: tests/system/unlock_time.c $(unlock-time-objects)
	$(call step,HOST,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=c11 -O1 -Wl,--strip-debug $(warnings) -D_GNU_SOURCE -I include -I . -no-pie -o $@ $^

# And of WireGuard's arithmetic. Two tests that run side by side may both make it.
$(build)/tests/wireguard_time: tests/system/wireguard_time.c $(wireguard-objects)
	$(call step,HOST,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=c11 -O1 -Wl,--strip-debug,--gc-sections $(warnings) -D_GNU_SOURCE -I include -I . -no-pie -o $@.$$$$ $^ && mv -f $@.$$$$ $@

# A Linux program that sends what a tunnel must keep (tests/system/vpn).
vpn-hostile-frames := $(build)/tests/vpn_hostile_frames
test-programs += $(vpn-hostile-frames)
$(vpn-hostile-frames): tests/system/vpn/hostile_frames.c
	$(call step,HOST,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=c11 -D_GNU_SOURCE -O1 -static $(warnings) -o $@ $<

# rsyslogd, and those of its modules that it takes messages with.
test-programs += $(build)/tests/rsyslog/rsyslogd
$(build)/tests/rsyslog/rsyslogd: tools/fetch
	$(call step,FETCH,rsyslog)
	@mkdir -p $(@D)
	$(Q)tools/fetch rsyslog && cd $(cache)/packages/rsyslog/usr && cp lib/*/rsyslog/lmnet.so lib/*/rsyslog/imudp.so $(here)/$(@D) && \
		cp sbin/rsyslogd $(here)/$@
