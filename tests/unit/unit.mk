# tests/unit: programs for the host, under ASan and UBSan, each printing "ok NAME" or
# "not ok NAME: why". To add one: tests/unit/NAME.c, and here
#   unit-programs += NAME
#   unit-NAME-objects := folder/source.o ...
# tests/unit/fake/ stands before the real headers in the search path.

unit-build := $(build)/unit
unit-flags := -std=c11 -D_GNU_SOURCE -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=undefined \
	-fno-omit-frame-pointer -mno-red-zone -I tests/unit/fake -I include -I . -I tests/unit

unit-programs := e820 guest_walk mmio mmio_step mmio_modes emulate_native emulate_native32 acpi pci
unit-e820-objects := boot/e820.o

# The whole of the emulator on a fake machine.
unit-emulator-objects := $(addprefix vmm/,alu.o breakpoint.o skip.o decode.o emulate.o emulate_stack.o emulate_string.o \
	operand.o pio_string.o mmio.o mmio_fault.o mmio_step.o mmio_hardware.o mmio_direct.o guest_walk.o guest_memory.o registry.o flight.o) tests/unit/fake_machine.o
unit-guest_walk-objects := $(unit-emulator-objects)
unit-guest_walk-libraries := $(build)/unit/zydis.a
unit-emulate_native-objects := $(unit-emulator-objects) tests/unit/native.o tests/unit/emulate_forms.o
unit-emulate_native-libraries := $(build)/unit/zydis.a
unit-emulate_native32-objects := $(unit-emulate_native-objects)
unit-emulate_native32-libraries := $(build)/unit/zydis.a
unit-acpi-reader := $(addprefix core/,acpi.o acpi_madt.o acpi_power.o acpi_sleep.o)
unit-programs += acpi_facs
unit-acpi_facs-objects := core/acpi_facs.o core/string.o
unit-acpi-objects := $(unit-acpi-reader) vmm/acpi_hide.o tests/unit/fake_machine.o
unit-pci-objects := vmm/pci.o vmm/pci_ports.o vmm/pci_ecam.o vmm/pci_follow.o vmm/pci_function.o vmm/pci_isolate.o vmm/grace.o $(unit-acpi-reader) $(unit-emulator-objects)
unit-programs += pci_follow
unit-pci_follow-objects := vmm/pci_follow.o vmm/pci_function.o vmm/pci_isolate.o
unit-pci-libraries := $(build)/unit/zydis.a
unit-mmio-objects := $(unit-emulator-objects)
unit-mmio_step-objects := $(unit-emulator-objects)
unit-mmio_modes-objects := $(unit-emulator-objects)
unit-programs += shutdown_status
unit-shutdown_status-objects := vmm/shutdown_status.o
unit-programs += power
unit-power-objects := mediator/power/sleep.o $(unit-emulator-objects)
unit-power-libraries := $(build)/unit/zydis.a
unit-mmio-libraries := $(build)/unit/zydis.a
unit-mmio_step-libraries := $(build)/unit/zydis.a
unit-mmio_modes-libraries := $(build)/unit/zydis.a

unit-programs += hook hook_filter process
unit-hook-objects := $(addprefix hook/,hook.o hook_deliver.o hook_filter.o hook_hold.o hook_owner.o hook_swap.o hook_spec.o hook_verdict.o kinds.o source.o source_access.o source_cpuid.o source_text.o hook_follow.o source_pci.o \
	hook_summary.o hook_timer.o metric.o metric_plan.o trace.o trace_event.o trace_ring.o) mediator/power/shutdown.o vmm/access.o vmm/deadline.o vmm/grace.o vmm/interrupt_watch.o vmm/pci_identity.o vmm/pci_isolate.o
unit-hook_filter-objects := $(unit-hook-objects)
unit-process-objects := $(addprefix process/,elf.o user_memory.o syscall.o syscall_access.o \
	syscall_disk.o syscall_net.o syscall_usb.o syscall_msr.o syscall_pci.o syscall_hook.o syscall_metric.o syscall_resident.o syscall_service.o syscall_trace.o) core/paging.o core/string.o hook/kinds.o hook/hook_spec.o hook/metric.o hook/metric_plan.o
# Page tables and system calls, without privileged instructions.
$(addprefix $(unit-build)/objects/,tests/unit/process.o $(unit-process-objects)): \
	unit-flags := -I tests/unit/fake_process $(unit-flags)

unit-programs += ring resident
unit-resident-objects := process/resident.o process/resident_rings.o core/print.o core/string.o
$(addprefix $(unit-build)/objects/,tests/unit/resident.o process/resident.o process/resident_rings.o): \
	unit-flags := -I tests/unit/fake_resident $(unit-flags)

unit-programs += metric
unit-metric-objects := hook/metric.o hook/metric_plan.o hook/kinds.o

unit-programs += trace
unit-trace-objects := $(unit-hook-objects)

unit-programs += nvme
unit-nvme-objects := mediator/bounce.o $(addprefix mediator/disk/,discard.o nvme_admin.o nvme_attach.o nvme_doorbells.o nvme_namespace.o nvme_own.o nvme_prp.o nvme_purpose.o nvme_queue.o \
	nvme_registers.o nvme_request.o nvme_work.o) $(addprefix tests/unit/,nvme_device.o disk_memory.o disk_own.o disk_requests.o second_cpu.o)
unit-programs += disk_cipher
unit-disk_cipher-objects := $(addprefix mediator/disk/,ata_identify.o ata_purpose.o cipher.o discard.o)

unit-programs += overlay
unit-overlay-objects := mediator/disk/overlay_map.o
unit-programs += overlay_log
unit-overlay_log-objects := $(addprefix mediator/disk/overlay_,blocks.o generation.o log.o map.o)
unit-programs += virtio
unit-virtio-transport := mediator/bounce.o $(addprefix mediator/virtio/virtio_,chain.o layout.o queue.o registers.o setup.o work.o)
unit-virtio-objects := $(unit-virtio-transport) $(addprefix mediator/disk/virtio_,chain.o learn.o own.o request.o) $(addprefix tests/unit/,virtio_device.o disk_memory.o disk_own.o disk_requests.o second_cpu.o)

unit-programs += virtio_net
unit-virtio_net-objects := $(unit-virtio-transport) $(addprefix mediator/net/,frame.o packet.o virtio_net.o virtio_net_control.o virtio_net_frame.o virtio_net_interrupt.o \
	virtio_net_rx.o virtio_net_tx.o) mediator/virtio/virtio_live.o tests/unit/disk_memory.o

unit-programs += e1000
unit-e1000-objects := mediator/bounce.o $(addprefix mediator/net/,frame.o packet.o e1000_access.o e1000_find.o e1000_offload.o \
	e1000_receive.o e1000_registers.o e1000_rx.o e1000_send.o e1000_setup.o e1000_slot.o e1000_tunnel.o e1000_tx.o e1000_work.o) $(addprefix tests/unit/,disk_memory.o second_cpu.o)

xhci-objects := mediator/disk/scsi.o $(addprefix mediator/usb/,storage.o storage_find.o storage_own.o usb.o usb_descriptors.o xhci_bell.o xhci_command.o xhci_control.o xhci_dequeue.o xhci_end.o \
	xhci_endpoint.o xhci_find.o xhci_harvest.o xhci_insert.o xhci_transfer.o xhci_read.o xhci_registers.o xhci_ring.o xhci_slot.o) $(addprefix tests/unit/,xhci_device.o xhci_guest.o disk_memory.o)
unit-programs += xhci xhci_transfers storage
unit-storage-objects := $(xhci-objects) mediator/bounce.o tests/unit/disk_own.o
unit-xhci-objects := $(xhci-objects)
unit-xhci_transfers-objects := $(xhci-objects)
unit-programs += usb_descriptors
unit-usb_descriptors-objects := mediator/usb/usb_descriptors.o

unit-programs += frame
unit-frame-objects := mediator/net/frame.o

unit-programs += tunnel
unit-tunnel-objects := mediator/net/tunnel.o mediator/net/other_way.o mediator/net/egress.o mediator/net/heard.o core/print.o

unit-programs += egress
unit-egress-objects := mediator/net/egress.o

unit-programs += ahci
unit-ahci-objects := $(addprefix mediator/disk/,ahci_attach.o ahci_command.o ahci_own.o ahci_log.o ahci_memory.o ahci_registers.o \
	ahci_request.o ahci_slot.o ahci_work.o ata_command.o ata_identify.o ata_purpose.o discard.o) mediator/bounce.o \
	$(addprefix tests/unit/,ahci_device.o disk_memory.o disk_own.o disk_requests.o second_cpu.o)

unit-programs += ide
unit-ide-objects := $(addprefix mediator/disk/,ide.o ide_claim.o ide_dma.o ide_identify.o ide_own.o ide_pio.o ide_registers.o \
	ata_command.o ata_identify.o ata_purpose.o discard.o) mediator/bounce.o \
	$(addprefix tests/unit/,ide_device.o disk_memory.o disk_own.o disk_requests.o second_cpu.o)

unit-programs += purpose
unit-purpose-objects := $(addprefix mediator/disk/,ata_purpose.o discard.o nvme_purpose.o scsi.o)

unit-programs += iommu
unit-iommu-objects := iommu/iommu_map.o iommu/amd_vi_ivrs.o iommu/vt_d_dmar.o

unit-programs += iommu_units
unit-iommu_units-objects := iommu/amd_vi.o iommu/amd_vi_ivrs.o iommu/vt_d.o iommu/vt_d_dmar.o

unit-programs += io_apic_remap
unit-io_apic_remap-objects := vmm/io_apic_remap.o

unit-programs += pci_quiet
unit-pci_quiet-objects := vmm/pci_quiet.o

unit-programs += pci_isolate
unit-pci_isolate-objects := vmm/pci_isolate.o

unit-programs += registry
unit-registry-objects := vmm/registry.o

unit-programs += ept npt
unit-ept-objects := vmm/vmx/ept.o vmm/nested_table.o vmm/mtrr.o
unit-npt-objects := vmm/svm/npt.o vmm/nested_table.o
$(addprefix $(unit-build)/objects/,tests/unit/ept.o $(unit-ept-objects) tests/unit/npt.o $(unit-npt-objects)): \
	unit-flags := -I tests/unit/fake_vmx $(unit-flags)

unit-programs += uefi
unit-uefi-objects := boot/uefi/config.o boot/uefi/memory_map.o boot/uefi/payload.o \
	core/string.o

unit-programs += memory_need
unit-memory_need-objects := boot/memory_need.o core/print.o core/string.o

unit-programs += settings
unit-settings-objects := boot/encrypt_option.o boot/vpn_option.o boot/options.o boot/settings.o core/string.o

unit-programs += policy
unit-policy-objects := boot/policy.o boot/encrypt_option.o boot/vpn_option.o boot/options.o core/string.o

unit-programs += minisign
unit-minisign-objects := service/base64.o service/minisign.o service/check.o
unit-minisign-libraries := $(build)/sodium.a
$(addprefix $(unit-build)/objects/,tests/unit/minisign.o service/check.o): \
	unit-flags += $(sodium-defines) -Wno-strict-prototypes

unit-programs += xts cipher volume_key
unit-xts-objects := crypt/xts.o
unit-xts-libraries := $(build)/unit/bearssl.a
unit-cipher-objects := crypt/aes_xts.o crypt/cipher.o crypt/xts.o
unit-cipher-libraries := $(build)/unit/bearssl.a
unit-volume_key-objects := $(unit-cipher-objects) crypt/volume_key.o
unit-volume_key-libraries := $(build)/unit/bearssl.a
$(unit-build)/objects/crypt/xts.o: unit-flags += $(bearssl-flags)
$(addprefix $(unit-build)/objects/,crypt/cipher.o crypt/volume_key.o tests/unit/cipher.o tests/unit/volume_key.o): \
	unit-flags := -I tests/unit/fake_crypt $(unit-flags)

unit-programs += passphrase
unit-passphrase-objects := boot/passphrase.o boot/passphrase_keys.o core/string.o

unit-programs += luks
unit-luks-objects := $(luks-parts) core/print.o core/string.o
unit-luks-libraries := $(build)/sodium.a $(build)/unit/bearssl.a
$(unit-build)/objects/service/kdf.o: unit-flags += $(sodium-defines) -Wno-strict-prototypes

unit-programs += tpm tpm_link
unit-tpm_link-objects := $(addprefix boot/,tpm_digest.o tpm_link.o tpm_log.o tpm_pcr.o) core/string.o
unit-tpm_link-libraries := $(build)/unit/tpm_link_bearssl.a
$(unit-build)/objects/boot/tpm_digest.o: unit-flags += $(bearssl-flags)
$(unit-build)/tpm_link_bearssl.a: $(bearssl-hashes:%=$(unit-build)/bearssl/%.o)
	$(call step,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

unit-tpm-objects := $(tpm-parts) core/print.o core/string.o
unit-tpm-libraries := $(build)/unit/tpm_bearssl.a
$(unit-build)/objects/service/tpm_crypto.o: unit-flags += $(bearssl-flags)

unit-programs += card
unit-card-objects := $(card-parts) core/print.o core/string.o
unit-card-libraries := $(build)/unit/tpm_bearssl.a

$(unit-build)/tpm_bearssl.a: $(tpm-bearssl:%=$(unit-build)/bearssl/%.o)
	$(call step,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

# WireGuard's own files, and the libraries that its arithmetic is of.
unit-programs += wireguard
unit-wireguard-objects := $(wireguard-parts) core/print.o core/string.o
unit-wireguard-libraries := $(build)/unit/wireguard.a $(build)/sodium.a
unit-programs += wireguard_config wireguard_hostile
unit-wireguard_hostile-objects := $(unit-wireguard-objects)
unit-wireguard_hostile-libraries := $(unit-wireguard-libraries)
unit-wireguard_config-objects := $(unit-wireguard-objects)
unit-wireguard_config-libraries := $(unit-wireguard-libraries)
$(unit-build)/objects/service/wireguard_crypto.o: unit-flags += $(wireguard-defines)

unit-programs += net net6 net_outer6 net_names net_syslog
unit-net-objects := $(unit-wireguard-objects) $(net-service-parts) mediator/net/egress.o
unit-net-libraries := $(unit-wireguard-libraries)
unit-net6-objects := $(unit-net-objects)
unit-net_outer6-objects := $(unit-net-objects)
unit-net_syslog-objects := $(unit-net-objects)
unit-net_syslog-libraries := $(unit-wireguard-libraries)
unit-net_names-objects := $(unit-net-objects)
unit-net_names-libraries := $(unit-wireguard-libraries)
unit-net_outer6-libraries := $(unit-wireguard-libraries)
unit-net6-libraries := $(unit-wireguard-libraries)

unit-programs += packets connections
unit-packets-objects := $(net-parts)
unit-connections-objects := $(net-parts)

unit-programs += wire
unit-wire-objects := control/wire_frame.o control/wire_turn.o control/wire_text.o core/print.o core/string.o

# Disks' mediators have a clock, and ports, of the tests'.
$(addprefix $(unit-build)/objects/mediator/,disk/%.o virtio/%.o) $(unit-build)/objects/tests/unit/ide.o $(unit-build)/objects/tests/unit/ide_device.o: unit-flags := -I tests/unit/fake_disk $(unit-flags)
$(addprefix $(fuzz-build)/objects/mediator/,disk/%.o virtio/%.o) $(fuzz-build)/objects/tests/unit/ide.o $(fuzz-build)/objects/tests/unit/ide_device.o: \
	fuzz-flags := -I tests/unit/fake_disk $(fuzz-flags) -fno-sanitize-coverage=trace-cmp

# Labs whose sequences fuzzers make up too (tests/fuzz/fuzz.mk has come before): the programs themselves, with
# tests/fuzz/sequence.c for their random numbers. What is new is told by edges of the mediators alone, and nothing is compared
# with magic numbers; all else takes three times as long.
unit-sequences := nvme ahci virtio ide overlay_log
define unit-sequence
fuzz-$(1)-main := tests/fuzz/sequence.o
fuzz-$(1)-objects := tests/unit/$(1).o $$(unit-$(1)-objects)
$$(filter $(fuzz-build)/objects/tests/unit/%,$$(fuzz-$(1)-objects:%=$(fuzz-build)/objects/%)): fuzz-flags += -DUNIT_FUZZED -fno-sanitize=fuzzer-no-link
endef
$(foreach program,$(unit-sequences),$(eval $(call unit-sequence,$(program))))
$(fuzz-build)/objects/tests/fuzz/sequence.o: fuzz-flags += -DUNIT_FUZZED
$(foreach program,$(unit-sequences),$(eval $(call fuzz-program,$(program))))
fuzz-programs += $(addprefix $(fuzz-build)/,$(unit-sequences))

unit-built := $(addprefix $(unit-build)/,$(unit-programs))
test-programs += $(unit-built)

$(unit-build)/objects/%.o: %.c
	$(call step,UNITCC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(unit-flags) $(warnings) $(depend-flags) -c -o $@ $<

$(unit-build)/objects/%.o: %.S
	$(call step,UNITAS,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) -g $(depend-flags) -c -o $@ $<

$(unit-build)/objects/vmm/decode.o: unit-flags += $(zydis-defines)

$(unit-build)/zydis/%.o: $(zydis-source)/src/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) -O1 -g $(zydis-defines) -I $(zydis-source)/src -w -c -o $@ $<

$(unit-build)/zydis.a: $(zydis-names:%=$(unit-build)/zydis/%.o)
	$(call step,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(unit-build)/bearssl/%.o: $(bearssl-source)/src/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(unit-flags) $(bearssl-flags) -w -c -o $@ $<

$(unit-build)/bearssl.a: $(bearssl-names:%=$(unit-build)/bearssl/%.o)
	$(call step,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

# Without sanitizers, as libsodium: many thousand handshakes are tried.
wireguard-host := $(addprefix $(unit-build)/wireguard-parts/,$(wireguard-bearssl:%=%.o) codec/dec32le.o blake2s-ref.o)
$(unit-build)/wireguard-parts/%.o: $(bearssl-source)/src/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) -O2 $(bearssl-flags) -w -c -o $@ $<
$(unit-build)/wireguard-parts/%.o: $(libb2-source)/src/%.c service/headers/libb2/config.h
	@mkdir -p $(@D)
	$(Q)$(CC) -O2 $(libb2-flags) -w -c -o $@ $<

$(unit-build)/wireguard.a: $(wireguard-host)
	$(call step,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

define unit-program
$(unit-build)/$(1): $$(addprefix $(unit-build)/objects/,tests/unit/$(1).o $$(unit-$(1)-objects)) \
		$$(unit-$(1)-libraries)
	$$(call step,UNIT,$$@)
	$$(Q)$$(CC) $$(unit-flags) -o $$@ $$^

-include $$(addprefix $(unit-build)/objects/,tests/unit/$(1).d $$(unit-$(1)-objects:.o=.d))
endef
$(foreach program,$(unit-programs),$(eval $(call unit-program,$(program))))

# WireGuard as a program of this machine, under ASan and UBSan too.
wireguard-tunnel := $(build)/tests/wireguard_tunnel
test-programs += $(wireguard-tunnel)
$(wireguard-tunnel): $(addprefix $(unit-build)/objects/,tests/system/wireguard/tunnel.o $(unit-wireguard-objects)) $(unit-wireguard-libraries)
	$(call step,HOST,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(unit-flags) -o $@ $^

-include $(unit-build)/objects/tests/system/wireguard/tunnel.d

# One stamp a program, so that make -j runs them side by side; a failure shows all of its output.
.PHONY: unit
unit: $(addsuffix .passed,$(unit-built))

$(unit-build)/%.passed: $(unit-build)/%
	$(call step,TEST,$*)
	@$< >$(unit-build)/$*.log 2>&1 && ! grep -q '^not ok' $(unit-build)/$*.log && touch $@ || \
		{ cat $(unit-build)/$*.log; exit 1; }

.PHONY: xhci-transfers-long
test-long: xhci-transfers-long
xhci-transfers-long: $(build)/unit/xhci_transfers
	$(build)/unit/xhci_transfers 100000
