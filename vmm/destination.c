/*
 * vmm/destination.c: see the header. What a vCPU's logical destination is, only its own CPU writes.
 */
#include "vmm/destination.h"

#include "core/apic.h"
#include "core/cpu.h"

void destination_reset(struct vcpu *vcpu)
{
	vcpu->logical_destination = 0;
	vcpu->destination_format = APIC_DFR_RESET;
}

/* In x2APIC mode there is no such register, or none of use. */
void destination_read(struct vcpu *vcpu)
{
	struct apic apic;

	destination_reset(vcpu);
	if (!apic_find(&apic) || apic.page == NULL)
		return;
	vcpu->logical_destination = apic_read(apic, APIC_LDR);
	vcpu->destination_format = apic_read(apic, APIC_DFR);
}

/* APM v2 16.6.1 and 16.6.2, Intel SDM 3 11.6.2.2: eight CPUs with a bit each, or clusters of four. */
static bool destination_matches_logical(uint32_t destination, const struct vcpu *vcpu)
{
	uint32_t logical = vcpu->logical_destination >> 24;

	if (vcpu->destination_format >> 28 == 0xf)
		return (destination & logical) != 0;
	return destination >> 4 == logical >> 4 && (destination & logical & 0xf) != 0;
}

/* In x2APIC mode the logical ID follows from the APIC's: clusters of sixteen (APM v2
 * 16.14, SDM 3 11.12.10.2). */
static bool destination_matches_cluster(uint32_t destination, const struct vcpu *vcpu)
{
	return destination >> 16 == vcpu->cpu->apic_id >> 4 &&
	       (destination >> (vcpu->cpu->apic_id & 0xf) & 1) != 0;
}

static bool destination_is_named(uint64_t command, const struct vcpu *vcpu, bool x2apic)
{
	uint32_t destination = (uint32_t)(x2apic ? command >> 32 : command >> 56);

	if (destination == (x2apic ? UINT32_MAX : 0xff))
		return true;
	if (!(command & APIC_ICR_LOGICAL))
		return destination == vcpu->cpu->apic_id;
	return x2apic ? destination_matches_cluster(destination, vcpu) : destination_matches_logical(destination, vcpu);
}

bool destination_includes(uint64_t command, const struct vcpu *vcpu, bool x2apic)
{
	switch (command & APIC_ICR_TO_MASK) {
	case 0:
		return destination_is_named(command, vcpu, x2apic);
	case APIC_ICR_TO_SELF:
		return vcpu->cpu == cpu_current();
	case APIC_ICR_TO_OTHERS:
		return vcpu->cpu != cpu_current();
	default:
		return true;
	}
}
