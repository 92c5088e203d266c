/*
 * tests/guest/differ.h: what tests/differ/generate.py writes and tests/guest/differ.c performs.
 */
#ifndef DIFFER_H
#define DIFFER_H

#include <stdint.h>

enum differ_kind {
	DIFFER_END, /* of a sequence */
	DIFFER_PORT_READ,
	DIFFER_PORT_WRITE,
	DIFFER_MMIO_READ,
	DIFFER_MMIO_WRITE,
	DIFFER_MSR_READ,
	DIFFER_MSR_WRITE,
	DIFFER_CPUID,
};

struct differ_access {
	uint8_t kind, width_bytes;
	uint64_t address; /* CPUID: leaf | subleaf << 32 */
	uint64_t value;	  /* of writes */
};

extern const struct differ_access differ_accesses[];
extern const unsigned differ_nr_accesses;

/* What devices hold that are read: memory of that many bytes at an address, filled with these, and MSRs. */
extern const uint64_t differ_read_page, differ_write_page;
extern const uint8_t differ_bytes[];
extern const unsigned differ_nr_bytes;
struct differ_msr {
	uint32_t msr;
	uint64_t value;
};
extern const struct differ_msr differ_msrs[];
extern const unsigned differ_nr_msrs;
extern const uint32_t differ_written_msrs[];
extern const unsigned differ_nr_written_msrs;
/* Leaves of CPUID that do not look at the subleaf. */
extern const uint32_t differ_leaves[];
extern const unsigned differ_nr_leaves;
/* No hook is about this one. */
#define DIFFER_RAW_SUBLEAF 0x1000

#endif
