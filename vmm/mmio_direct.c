/*
 * vmm/mmio_direct.c: the short way of plain stores to one page: MOV of a register or an immediate, 32 bits.
 * Written under mmio_lock (vmm/mmio.c), read without: who reads an old value takes an exit from before the
 * change.
 */
#include "vmm/mmio_direct.h"

#include "core/instructions.h"
#include "core/memory.h"
#include "vmm/registry.h"
#include "vmm/vcpu.h"

#define NO_PAGE (~UINT64_C(0))
#define REX_MASK 0xf0u
#define REX 0x40u
#define REX_W 0x8u
#define REX_R 0x4u
#define REX_X 0x2u
#define REX_B 0x1u
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
		    !registry_covers_both(registry, page, last) && !registry_has_hook(registry, page, last);

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

unsigned mmio_direct_decode(const struct vcpu *vcpu, const uint8_t *bytes, uint32_t *value)
{
	unsigned at = 0, operand, rex = 0;

	if ((bytes[0] & REX_MASK) == REX)
		rex = bytes[at++];
	operand = direct_operand_bytes(bytes + at + 1);
	if (operand == 0 || (rex & REX_W))
		return 0;
	if (bytes[at] == MOV_REGISTER) {
		*value = (uint32_t)vcpu->gpr[(bytes[at + 1] >> 3 & 7) | (rex & REX_R ? 8 : 0)];
		return at + 1 + operand;
	}
	if (bytes[at] != MOV_IMMEDIATE || (bytes[at + 1] & 0x38) != 0)
		return 0;
	__builtin_memcpy(value, bytes + at + 1 + operand, sizeof(*value));
	return at + 1 + operand + 4;
}

static uint64_t direct_register(const struct vcpu *vcpu, unsigned number, unsigned high)
{
	return vcpu->gpr[(number & 7) | (high != 0 ? 8 : 0)];
}

/* AMD APM v3, 1.4 and 1.7: mod, rm, the SIB byte, the displacement. */
uint64_t mmio_direct_address(const struct vcpu *vcpu, const uint8_t *bytes, unsigned nr_bytes)
{
	unsigned rex = (bytes[0] & REX_MASK) == REX ? bytes[0] : 0;
	const uint8_t *modrm = bytes + (rex != 0) + 1, *end = modrm + direct_operand_bytes(modrm);
	unsigned mod = modrm[0] >> 6, rm = modrm[0] & 7;
	uint64_t address = 0;
	int32_t displacement = 0;

	if (rm == 4) {
		if ((modrm[1] & 0x38) != 0x20 || (rex & REX_X))
			address = direct_register(vcpu, modrm[1] >> 3, rex & REX_X) << (modrm[1] >> 6);
		rm = modrm[1] & 7;
	} else if (mod == 0 && rm == 5) {
		address = vcpu->rip + nr_bytes;
	}
	if (mod != 0 || rm != 5)
		address += direct_register(vcpu, rm, rex & REX_B);
	if (mod == 1)
		displacement = (int8_t)end[-1];
	else if (mod == 2 || rm == 5)
		__builtin_memcpy(&displacement, end - 4, sizeof(displacement));
	return address + (uint64_t)(int64_t)displacement;
}

unsigned mmio_direct_perform(struct vcpu *vcpu, const uint8_t *code, gpa_t gpa)
{
	uint8_t bytes[MMIO_DIRECT_BYTES];
	unsigned nr_bytes;
	uint32_t value;

	mmio_direct_copy(bytes, code);
	nr_bytes = mmio_direct_decode(vcpu, bytes, &value);
	return nr_bytes != 0 && direct_store(gpa, value) ? nr_bytes : 0;
}
