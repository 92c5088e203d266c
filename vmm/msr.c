/*
 * vmm/msr.c: the registry of MSR ranges, and RDMSR and WRMSR on them. msr_lock guards changes of the
 * registry and of the MSRs' intercepts.
 */
#include "vmm/msr.h"

#include "core/cpu.h"
#include "core/instructions.h"
#include "core/memory.h"
#include "core/paging.h"
#include "core/spinlock.h"
#include "rv/errno.h"
#include "vmm/registry.h"

/* The ranges that the hardware's maps know (AMD APM v2 15.11, Intel SDM v3 25.6.9): every access to
 * any other MSR exits whatever we ask for. */
#define MSR_MAP_MSRS 0x2000
static const uint32_t msr_maps[] = { 0, 0xc0000000, 0xc0010000 };

static struct registry msr_reads, msr_writes;
static struct spinlock msr_lock;

/* Intercepts are what somebody claims, and what the back end holds for itself. */
static void msr_update_one(uint32_t msr)
{
	uint64_t unused;
	bool held = vcpu_ops->read_msr(cpu_current()->vcpu, msr, &unused) != MSR_NOT_HELD;

	vcpu_ops->intercept_msr(msr, held || registry_covers(&msr_reads, msr, msr),
				held || registry_covers(&msr_writes, msr, msr));
}

static void msr_update(const struct access_region *region)
{
	for (size_t i = 0; i < ARRAY_LENGTH(msr_maps); i++) {
		uint64_t end = (uint64_t)msr_maps[i] + MSR_MAP_MSRS;
		uint64_t msr = region->first > msr_maps[i] ? region->first : msr_maps[i];

		for (; msr <= region->last && msr < end; msr++)
			msr_update_one((uint32_t)msr);
	}
}

/* A region stands in one chain: that of reads or that of writes. */
int msr_register(struct access_region *region, bool read, bool write)
{
	if (region->first > region->last || region->last > UINT32_MAX || read == write)
		return -RV_EINVAL;
	spinlock_acquire(&msr_lock);
	registry_add(read ? &msr_reads : &msr_writes, region);
	msr_update(region);
	spinlock_release(&msr_lock);
	return 0;
}

void msr_unregister(struct access_region *region, bool read, bool write)
{
	(void)write;
	spinlock_acquire(&msr_lock);
	if (registry_remove(read ? &msr_reads : &msr_writes, region))
		msr_update(region);
	spinlock_release(&msr_lock);
}

void msr_move_end(struct access_region *region, uint64_t last)
{
	struct access_region all = *region;

	spinlock_acquire(&msr_lock);
	all.last = region->last > last ? region->last : last;
	__atomic_store_n(&region->last, last, __ATOMIC_RELEASE);
	msr_update(&all);
	spinlock_release(&msr_lock);
}

/* While the host's own state is loaded, the guest's SYSCALL and segment base MSRs are not in the
 * CPU: they are for the moment of the access. */
bool msr_hardware_read(uint32_t msr, uint64_t *value)
{
	struct vcpu *vcpu = cpu_current()->vcpu;
	enum msr_result held = vcpu_ops->read_msr(vcpu, msr, value);
	bool host_context = vcpu->host_context, good;

	if (held != MSR_NOT_HELD)
		return held == MSR_DONE;
	if (host_context)
		vcpu_ops->host_end(vcpu);
	good = msr_read_safe(msr, value);
	if (host_context)
		vcpu_ops->host_begin(vcpu);
	return good;
}

bool msr_hardware_write(uint32_t msr, uint64_t value)
{
	struct vcpu *vcpu = cpu_current()->vcpu;
	enum msr_result held = vcpu_ops->write_msr(vcpu, msr, value);
	bool host_context = vcpu->host_context, good;

	if (held != MSR_NOT_HELD)
		return held == MSR_DONE;
	if (host_context)
		vcpu_ops->host_end(vcpu);
	good = msr_write_safe(msr, value);
	if (host_context)
		vcpu_ops->host_begin(vcpu);
	return good;
}

enum access_result msr_offer(struct access *access)
{
	return registry_walk(access->write ? &msr_writes : &msr_reads, access->address,
			     access->address, access);
}

void msr_handle_exit(struct vcpu *vcpu, bool write)
{
	struct access access = {
		.vcpu = vcpu,
		.kind = ACCESS_MSR,
		.write = write,
		.width_bytes = 8,
		.address = (uint32_t)vcpu->gpr[GPR_RCX],
	};
	enum access_result result;

	if (write)
		access.value = (uint32_t)vcpu->gpr[GPR_RAX] | vcpu->gpr[GPR_RDX] << 32;
	result = msr_offer(&access);
	if (write && result == ACCESS_PASS && !access.fault)
		access.fault = !msr_hardware_write((uint32_t)access.address, access.value);
	else if (!write)
		access_fetch(&access);
	if (access.fault) {
		vcpu_ops->inject_exception(vcpu, VECTOR_GENERAL_PROTECTION, 0);
		return;
	}
	if (!write) {
		vcpu->gpr[GPR_RAX] = (uint32_t)access.value;
		vcpu->gpr[GPR_RDX] = access.value >> 32;
	}
	vcpu_skip_instruction(vcpu, 2);
}
