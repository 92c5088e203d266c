/*
 * vmm/cpuid.c: CPUID as the guest sees it: the CPU's own but for what shows our presence and what
 * mirrors control registers; and the registry of leaves. cpuid_lock guards changes of the registry.
 */
#include "vmm/cpuid.h"

#include "core/instructions.h"
#include "core/spinlock.h"
#include "rv/errno.h"
#include "vmm/registry.h"

#define LEAF_FEATURES 1
#define LEAF_STRUCTURED 7
#define FEATURES_ECX_OSXSAVE (UINT32_C(1) << 27)
#define STRUCTURED_ECX_OSPKE (UINT32_C(1) << 4)

struct registry cpuid_registry;
static struct spinlock cpuid_lock;

int cpuid_register(struct access_region *region)
{
	if (region->first > region->last || region->last > UINT32_MAX)
		return -RV_EINVAL;
	spinlock_acquire(&cpuid_lock);
	registry_add(&cpuid_registry, region);
	spinlock_release(&cpuid_lock);
	return 0;
}

void cpuid_unregister(struct access_region *region)
{
	spinlock_acquire(&cpuid_lock);
	registry_remove(&cpuid_registry, region);
	spinlock_release(&cpuid_lock);
}

static inline void cpuid_mirror(uint32_t *reg, uint32_t bit, bool set)
{
	*reg = set ? *reg | bit : *reg & ~bit;
}

void cpuid_hardware(struct vcpu *vcpu, uint32_t leaf, uint32_t subleaf, uint32_t registers[4])
{
	struct cpuid_result result = cpuid_query(leaf, subleaf);

	registers[0] = result.eax;
	registers[1] = result.ebx;
	registers[2] = result.ecx;
	registers[3] = result.edx;
	if (cpuid_is_plain(leaf))
		return;
	/* These bits show the current CR4, which here is the host's. */
	if (leaf == LEAF_FEATURES)
		cpuid_mirror(&registers[2], FEATURES_ECX_OSXSAVE,
			     vcpu_ops->get_control(vcpu, 4) & CR4_OSXSAVE);
	else if (leaf == LEAF_STRUCTURED && subleaf == 0)
		cpuid_mirror(&registers[2], STRUCTURED_ECX_OSPKE,
			     vcpu_ops->get_control(vcpu, 4) & CR4_PKE);
	vcpu_ops->hide_cpuid(leaf, registers);
}

static void cpuid_claimed(struct vcpu *vcpu, uint32_t leaf, uint32_t subleaf, uint32_t registers[4])
{
	struct access access = {
		.vcpu = vcpu,
		.kind = ACCESS_CPUID,
		.width_bytes = 4,
		.address = leaf | (uint64_t)subleaf << 32,
	};

	registry_walk(&cpuid_registry, leaf, leaf, &access);
	access_fetch(&access);
	for (unsigned i = 0; i < 4; i++)
		registers[i] = access.cpuid[i];
}

void cpuid_handle_exit(struct vcpu *vcpu)
{
	uint32_t leaf = (uint32_t)vcpu->gpr[GPR_RAX], subleaf = (uint32_t)vcpu->gpr[GPR_RCX];
	uint32_t registers[4];

	if (!cpuid_is_claimed())
		cpuid_hardware(vcpu, leaf, subleaf, registers);
	else
		cpuid_claimed(vcpu, leaf, subleaf, registers);
	vcpu->gpr[GPR_RAX] = registers[0];
	vcpu->gpr[GPR_RBX] = registers[1];
	vcpu->gpr[GPR_RCX] = registers[2];
	vcpu->gpr[GPR_RDX] = registers[3];
	vcpu_skip_instruction(vcpu, 2);
}
