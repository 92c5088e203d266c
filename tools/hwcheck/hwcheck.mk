# tools/hwcheck: the hardware report as a program for Linux, from the hypervisor's own sources.

hwcheck-sources := tools/hwcheck/hwcheck.c tools/hwcheck/facts.c boot/hardware_check.c \
	boot/hardware_features.c boot/hardware_devices.c boot/e820.c core/print.c

$(build)/hwcheck: $(hwcheck-sources) $(wildcard tools/hwcheck/*.h boot/*.h core/*.h)
	$(call step,HOST,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -O1 -s -static -I include -I . $(warnings) -o $@ $(hwcheck-sources)

host-programs += $(build)/hwcheck
