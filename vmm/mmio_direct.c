/*
 * vmm/mmio_direct.c: the short way of plain stores to one page: MOV of a register or an immediate, 32 bits.
 * Written under mmio_lock (vmm/mmio.c), read without: who reads an old value takes an exit from before the
 * change.
 */
#include "vmm/mmio_direct.h"

#include "core/instructions.h"
#include "core/memory.h"
#include "core/string.h"
#include "vmm/registry.h"
#include "vmm/vcpu.h"

#define NO_PAGE (~UINT64_C(0))
#define REX_MASK 0xf0u
#define REX 0x40u
#define REX_W 0x8u
#define REX_R 0x4u
#define MOV_REGISTER 0x89u
#define MOV_IMMEDIATE 0xc7u

gpa_t mmio_direct_page = NO_PAGE;
static gpa_t direct_wanted = NO_PAGE;
static mmio_direct_store direct_store;

void mmio_direct_set(gpa_t page, mmio_direct_store store)
{
	direct_wanted = page;
	direct_store = store;
}

void mmio_direct_update(const struct registry *registry)
{
	gpa_t page = direct_wanted, last = page | PAGE_MASK;
	bool good = page != NO_PAGE && registry_covers(registry, page, last) &&
		    !registry_covers_reads(registry, page, last) && !registry_has_hook(registry, page, last);

	__atomic_store_n(&mmio_direct_page, good ? page : NO_PAGE, __ATOMIC_SEQ_CST);
}

/* Bytes of ModRM, SIB and displacement of a memory operand; 0: it is a register. */
static unsigned direct_operand_bytes(const uint8_t *modrm)
{
	unsigned mod = modrm[0] >> 6, rm = modrm[0] & 7, bytes = 1;

	if (mod == 3)
		return 0;
	if (rm == 4) {
		rm = modrm[1] & 7;
		bytes = 2;
	}
	if (mod == 0)
		return rm == 5 ? bytes + 4 : bytes;
	return mod == 1 ? bytes + 1 : bytes + 4;
}

unsigned mmio_direct_perform(struct vcpu *vcpu, const uint8_t *code, gpa_t gpa)
{
	uint8_t bytes[16]; /* one more than there are is not looked at */
	unsigned at = 0, operand, rex = 0;
	uint32_t value;

	__builtin_memcpy(bytes, code, 15); /* once, and inline */
	if ((bytes[0] & REX_MASK) == REX)
		rex = bytes[at++];
	operand = direct_operand_bytes(bytes + at + 1);
	if (operand == 0 || (rex & REX_W))
		return 0;
	if (bytes[at] == MOV_REGISTER) {
		value = (uint32_t)vcpu->gpr[(bytes[at + 1] >> 3 & 7) | (rex & REX_R ? 8 : 0)];
		at += 1 + operand;
	} else if (bytes[at] == MOV_IMMEDIATE && (bytes[at + 1] & 0x38) == 0) {
		memcpy(&value, bytes + at + 1 + operand, sizeof(value));
		at += 1 + operand + 4;
	} else {
		return 0;
	}
	return direct_store(gpa, value) ? at : 0;
}
