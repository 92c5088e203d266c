/*
 * tests/unit/fake_machine.h: a machine for unit tests: physical memory in an array, one vCPU whose
 * state is plain fields, nested page rights in a table, what is injected in variables.
 */
#ifndef TESTS_UNIT_FAKE_MACHINE_H
#define TESTS_UNIT_FAKE_MACHINE_H

#include "core/cpu.h"
#include "core/memory.h"
#include "vmm/access.h"
#include "vmm/vcpu.h"

/* Of the array: RAM, the hypervisor's own, and from here on device memory. */
#define FAKE_RESERVED_START MIB(8)
#define FAKE_RESERVED_BYTES MIB(2)
#define FAKE_DEVICE_START MIB(12)

extern struct vcpu fake_vcpu;
extern struct segment_register fake_segments[SEGMENT_COUNT];
extern uint64_t fake_control[5], fake_efer, fake_debug[8];
extern unsigned fake_cpl;
/* Protection keys of user and of supervisor pages */
extern uint32_t fake_pkru;
extern uint64_t fake_pkrs;

/* What was injected last; fake_injections counts. */
extern unsigned fake_injections, fake_vector, fake_single_steps, fake_breakpoints;
extern int64_t fake_error_code;

extern bool fake_stepping, fake_event_pending;
extern unsigned fake_step_requests;
extern bool fake_denied[FAKE_MEMORY_BYTES / PAGE_BYTES];
extern int fake_deny_error; /* what the next nested_deny_page() gives, then 0 */

extern unsigned fake_intercept_changes; /* vcpu_intercepts_changed() */

extern gpa_t fake_moved_from; /* the last nested_move_page() */
extern hpa_t fake_moved_to;

/* Zeroed memory, 64-bit mode at CPL 0 with flat segments and paging off in CR0. */
void fake_machine_reset(void);

/* Flat segments of a mode: code attributes, then data. */
void fake_set_code(uint16_t attributes, uint64_t base, uint32_t limit_bytes);
void fake_set_data(uint64_t base, uint32_t limit_bytes);

/* Takes pages for tables from the second MiB and maps one page in 4-level tables at
 * fake_control[3], with PAGING_* rights in each level. */
void fake_map_page(uint64_t linear, uint64_t gpa, uint64_t rights);
/* The leaf entry that fake_map_page() made. */
uint64_t *fake_leaf(uint64_t linear);
hpa_t fake_table_page(void);

#define FAKE_CODE_64 0x29b
#define FAKE_CODE_32 0x49b
#define FAKE_CODE_16 0x09b
#define FAKE_DATA 0x493

#endif
