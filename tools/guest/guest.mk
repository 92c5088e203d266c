# tools/guest: the program of the built-in guest that does single accesses; images take it from here.

$(build)/probe: tools/guest/probe.c
	$(call step,HOST,$@)
	@mkdir -p $(@D)
	$(Q)gcc -std=gnu11 -O1 -Wall -Wextra -static -s -o $@ $<

host-programs += $(build)/probe
