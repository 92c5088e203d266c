# tools/ritectl: the program in the guest that loads, watches and unloads scripts.

ritectl-sources := $(addprefix tools/ritectl/,ritectl.c call.c kinds.c metadata.c record.c record_words.c live.c live_text.c live_pcapng.c live_usbmon.c script.c output.c metrics.c edit.c repl.c show.c top.c wire.c key.c where.c extcap.c vpn.c) \
	control/wire_frame.c service/base64.c service/minisign.c

$(build)/ritectl: $(ritectl-sources) $(wildcard tools/ritectl/*.h control/control_abi.h control/wire_frame.h hook/trace_layout.h include/rv/*.h service/*.h) \
		$(build)/sodium.a
	$(call step,HOST,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -O1 -s -static -I include -I . $(sodium-defines) $(warnings) -Wno-strict-prototypes \
		-o $@ $(ritectl-sources) $(build)/sodium.a

host-programs += $(build)/ritectl
