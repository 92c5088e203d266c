# tests/hostile: the guest that computes while hostile scripts run, as an initramfs of its own.

hostile-witness := $(build)/tests/hostile/witness
hostile-initrd := $(build)/tests/hostile/initrd.gz
test-programs += $(hostile-initrd)

# -O1 and no contraction: the sums are those of one operation after the other.
$(hostile-witness): tests/hostile/witness.c tests/hostile/witness_entry.S include/rv/sha256.h
	$(call step,GUEST,$@)
	@mkdir -p $(@D)
	$(Q)gcc -std=gnu11 -O1 -ffp-contract=off -static -s $(warnings) -I . -I include -o $@ \
		$(filter %.c %.S,$^)

$(hostile-initrd): $(hostile-witness) $(image-tool)
	$(call step,IMAGE,$@)
	$(Q)tools/image initrd --init $< --output $@
