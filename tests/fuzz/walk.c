/*
 * tests/fuzz/walk.c: the guest's page tables, control registers and segments may hold anything: a
 * walk ends, reads nothing outside RAM (ASan watches), and writes only accessed and dirty bits.
 */
#include "core/instructions.h"
#include "fake_machine.h"
#include "input.h"
#include "vmm/guest_memory.h"
#include "vmm/guest_walk.h"

#define TABLES MIB(2)
#define NR_TABLES 8

static uint8_t before[NR_TABLES * 4096];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length_bytes)
{
	struct input input = {data, length_bytes};
	enum guest_access access;
	struct guest_fault fault;
	uint8_t bytes[15];
	uint8_t *tables;
	unsigned flags;
	gva_t gva;
	gpa_t gpa;

	if (!fake_memory)
		fake_machine_reset();
	guest_physical_bits = 40;
	tables = fake_memory + TABLES;
	flags = (unsigned)input_number(&input, 4);
	fake_control[0] = CR0_PE | (flags & 1 ? CR0_PG : 0) | (flags & 2 ? CR0_WP : 0);
	fake_control[3] = input_number(&input, 1) % 16 ? TABLES : input_number(&input, 8);
	fake_control[4] = (flags & 4 ? CR4_PAE : 0) | (flags & 8 ? CR4_PSE : 0) |
			  (flags & 16 ? CR4_LA57 : 0) | (flags & 32 ? CR4_SMEP : 0) |
			  (flags & 64 ? CR4_SMAP : 0);
	fake_efer = (flags & 128 ? EFER_LMA : 0) | (flags & 256 ? EFER_NXE : 0);
	fake_cpl = flags >> 9 & 3;
	fake_set_code((uint16_t)(flags >> 16), flags & 2048 ? TABLES : 0, UINT32_MAX);
	gva = input_number(&input, 8);
	fake_vcpu.rip = gva;
	/* Entries at small indexes, so that the walks meet them: the address picks the same. */
	memset(tables, 0, NR_TABLES * PAGE_BYTES);
	while (input.left != 0) {
		unsigned table = (unsigned)input_number(&input, 1) % NR_TABLES;
		unsigned shift = 12 + 9 * ((unsigned)input_number(&input, 1) % 5);
		uint64_t entry = input_number(&input, 1);

		entry |= input_number(&input, 1) % 4 ? TABLES + (entry % NR_TABLES) * PAGE_BYTES
						     : input_number(&input, 8);
		memcpy(tables + table * PAGE_BYTES + ((gva >> shift) & 0x1ff) * 8, &entry, 8);
	}
	memcpy(before, tables, sizeof(before));
	access = (enum guest_access)((flags >> 12 & 3) % 3);
	if (guest_translate(&fake_vcpu, gva, access, &gpa, &fault))
		FUZZ_MUST(!fault.fault);
	else
		FUZZ_MUST(fault.fault && (fault.vector == 13 || fault.vector == 14));
	(void)guest_fetch_instruction(&fake_vcpu, bytes, &fault);
	for (size_t i = 0; i < sizeof(before); i++)
		FUZZ_MUST((before[i] & ~0x60) == (tables[i] & ~0x60) &&
			  (before[i] & 0x60 & ~tables[i]) == 0);
	return 0;
}
