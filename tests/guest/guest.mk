# The bare test guests: build/tests/guest/NAME.elf, each from tests/guest/NAME.c and the framework.
# Multiboot loaders want ELF32, so the linked 64-bit program is converted.

guest-names := \
	access \
	ahci \
	alarm \
	alias \
	alone \
	apic \
	bars \
	bench \
	caught \
	checksum \
	control \
	cpu \
	dma \
	edge \
	extint \
	flood \
	flushed \
	held \
	hostile \
	ide \
	identity \
	idle \
	int13 \
	ipi \
	logical \
	message \
	mmio \
	modes \
	burst \
	nic \
	virtio_nic \
	nmi \
	nvme \
	ours \
	past_ahci \
	past_ide \
	past_nvme \
	past_virtio \
	pci \
	pci_odd \
	poll \
	ports \
	priority \
	reboot \
	restart \
	sleep \
	smi \
	smp \
	start_nmi \
	startup \
	storm \
	suspend \
	sweep \
	task \
	timer \
	trap \
	vectors \
	virtio \
	vmx \
	wire \
	x2apic \
	xhci
guest-framework := start.o bios.o fault_entry.o fault.o print.o power.o runtime.o
guest-programs := $(guest-names:%=$(build)/tests/guest/%.elf)
guest-flags := $(bare-flags) -I tests/guest
test-programs += $(guest-programs)

$(build)/tests/guest/%.o: tests/guest/%.c
	$(call step,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(guest-flags) $(warnings) $(depend-flags) -c -o $@ $<

$(build)/tests/guest/%.o: tests/guest/%.S
	$(call step,AS,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(guest-flags) $(depend-flags) -c -o $@ $<

$(build)/tests/guest/control.o $(build)/tests/guest/bench.o: guest-flags += -I include -I .
$(build)/tests/guest/mmio.elf: $(build)/tests/guest/mmio_forms.o
$(build)/tests/guest/dma.elf: $(addprefix $(build)/tests/guest/,dma_nvme.o dma_ahci.o dma_e1000e.o dma_virtio.o dma_xhci.o)
$(build)/tests/guest/storm.elf: $(addprefix $(build)/tests/guest/,storm_nvme.o storm_ahci.o storm_virtio.o storm_ide.o)
$(build)/tests/guest/cpu.elf: $(build)/tests/guest/cpu_state.o
$(build)/tests/guest/modes.elf: $(build)/tests/guest/modes_low.o
$(addprefix $(build)/tests/guest/,bars.elf caught.elf extint.elf flood.elf held.elf control.elf ipi.elf logical.elf message.elf nmi.elf pci_odd.elf poll.elf restart.elf \
		sleep.elf smi.elf smp.elf start_nmi.elf startup.elf suspend.elf x2apic.elf): \
	$(addprefix $(build)/tests/guest/,second.o second_entry.o)
$(addprefix $(build)/tests/guest/,alias.elf control.elf hostile.elf ours.elf dma.elf nvme.elf ahci.elf virtio.elf xhci.elf storm.elf): $(build)/tests/guest/reserved.o
$(build)/tests/guest/xhci.elf: $(build)/tests/guest/xhci_driver.o
$(build)/tests/guest/suspend.elf: $(build)/tests/guest/suspend_low.o
$(build)/tests/guest/task.elf: $(build)/tests/guest/task_switch.o
$(addprefix $(build)/tests/guest/,alone.elf control.elf edge.elf priority.elf trap.elf): \
	$(addprefix $(build)/tests/guest/,run.o run_enter.o snippet.o)

$(build)/tests/guest/%.elf: $(build)/tests/guest/%.o tests/guest/guest.lds \
		$(addprefix $(build)/tests/guest/,$(guest-framework))
	$(call step,LINK,$@)
	$(Q)$(LD) -nostdlib -static -z max-page-size=4096 -z noexecstack --build-id=none \
		-T tests/guest/guest.lds -o $(@:.elf=.elf64) $(filter %.o,$^)
	$(Q)$(OBJCOPY) -O elf32-i386 $(@:.elf=.elf64) $@

# forms_SEED.elf: the mmio guest with generated forms; make test has seed 1, tests/forms/run others.
test-programs += $(build)/tests/guest/forms_1.elf
$(build)/tests/guest/forms_%.S: tests/forms/generate.py
	$(call step,GENERATE,$@)
	$(Q)$< $* 600 >$@

$(build)/tests/guest/forms_%.o: $(build)/tests/guest/forms_%.S
	$(call step,AS,$<)
	$(Q)$(CC) $(guest-flags) -c -o $@ $<

$(build)/tests/guest/forms_%.elf: $(build)/tests/guest/forms_%.o $(build)/tests/guest/mmio.o \
		tests/guest/guest.lds $(addprefix $(build)/tests/guest/,$(guest-framework))
	$(call step,LINK,$@)
	$(Q)$(LD) -nostdlib -static -z max-page-size=4096 -z noexecstack --build-id=none \
		-T tests/guest/guest.lds -o $(@:.elf=.elf64) $(filter %.o,$^)
	$(Q)$(OBJCOPY) -O elf32-i386 $(@:.elf=.elf64) $@

# differ_SEED_SEQUENCES.elf: generated accesses; tests/differ/run makes those that it needs.
$(build)/tests/guest/differ_%.c: tests/differ/generate.py
	$(call step,GENERATE,$@)
	@mkdir -p $(@D)
	$(Q)$< $(subst _, ,$*) >$@

$(build)/tests/guest/differ_%.o: $(build)/tests/guest/differ_%.c tests/guest/differ.h
	$(call step,CC,$<)
	$(Q)$(CC) $(guest-flags) -c -o $@ $<

$(build)/tests/guest/differ_%.elf: $(build)/tests/guest/differ_%.o $(build)/tests/guest/differ.o \
		tests/guest/guest.lds $(addprefix $(build)/tests/guest/,$(guest-framework))
	$(call step,LINK,$@)
	$(Q)$(LD) -nostdlib -static -z max-page-size=4096 -z noexecstack --build-id=none \
		-T tests/guest/guest.lds -o $(@:.elf=.elf64) $(filter %.o,$^)
	$(Q)$(OBJCOPY) -O elf32-i386 $(@:.elf=.elf64) $@

.SECONDARY: $(guest-names:%=$(build)/tests/guest/%.o) \
	$(addprefix $(build)/tests/guest/,$(guest-framework))
-include $(wildcard $(build)/tests/guest/*.d)
