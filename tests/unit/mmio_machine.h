/*
 * tests/unit/mmio_machine.h: the emulator on the fake machine, for the programs that test it: a page of a device
 * that is claimed by a handler which notes what it sees, RAM, and code.
 */
#ifndef MMIO_MACHINE_H
#define MMIO_MACHINE_H

#include "vmm/mmio.h"

#include "core/instructions.h"
#include "core/paging.h"
#include "fake_machine.h"
#include "rv/errno.h"
#include "unit.h"

#define CODE UINT64_C(0x40600000)
#define CODE_GPA MIB(2)
#define DEVICE FAKE_DEVICE_START
#define RAM MIB(4)
#define RW (PAGING_PRESENT | PAGING_WRITABLE)

/* What the handlers saw. */
static struct access seen[64];
static unsigned nr_seen;
static enum access_result answer;
static uint64_t answer_value;
static bool answer_resolves;

static inline enum access_result note(struct access *access, void *context)
{
	(void)context;
	if (nr_seen < ARRAY_LENGTH(seen))
		seen[nr_seen] = *access;
	nr_seen++;
	if (answer_resolves) {
		access->resolved = true;
		access->value = answer_value;
	}
	return answer;
}

static struct access_region region;

/* The device page mapped at DEVICE, RAM at RAM, code at CODE; registers [first, last] claimed. */
static inline void set_up(uint64_t first, uint64_t last)
{
	mmio_unregister(&region);
	fake_machine_reset();
	for (uint64_t page = 0; page < 4 * PAGE_BYTES; page += PAGE_BYTES) {
		fake_map_page(DEVICE + page, DEVICE + page, RW);
		fake_map_page(RAM + page, RAM + page, RW);
	}
	fake_map_page(CODE, CODE_GPA, PAGING_PRESENT);
	region = (struct access_region){.first = first, .last = last, .handler = note};
	UNIT_EQUAL(mmio_register(&region), 0);
	nr_seen = 0;
	answer = ACCESS_PASS;
	answer_resolves = false;
	fake_vcpu.rip = CODE;
}

static inline void put_code(const void *bytes, size_t length_bytes)
{
	memcpy(fake_memory + CODE_GPA, bytes, length_bytes);
}

#define PUT(...)                                                                                   \
	do {                                                                                       \
		const uint8_t code[] = {__VA_ARGS__};                                              \
		put_code(code, sizeof(code));                                                      \
	} while (0)

static inline void fault_at(gpa_t gpa, bool write)
{
	memset(&fake_vcpu.exit, 0, sizeof(fake_vcpu.exit));
	fake_vcpu.exit.kind = EXIT_NESTED_FAULT;
	fake_vcpu.exit.nested.gpa = gpa;
	fake_vcpu.exit.nested.write = write;
	mmio_handle_fault(&fake_vcpu);
}

#endif
