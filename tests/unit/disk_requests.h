/*
 * tests/unit/disk_requests.h: what stands around a mediator of disks: hooks that decide by the LBA, locks, and those
 * who hear of interrupts.
 */
#ifndef TESTS_UNIT_DISK_REQUESTS_H
#define TESTS_UNIT_DISK_REQUESTS_H

#include "mediator/request.h"
#include "rv/kinds.h"

#define KEY 0x5a       /* that hooks change data by, of writes, and at the end of reads */
#define BLOCKS_EACH 16 /* blocks after which there is another rule */
enum disk_rule { RULE_DENY, RULE_DROP, RULE_DENY_END = 6 }; /* the last if disk_denies_ends; and others: pass */

extern bool disk_wants[RV_EVENT_KIND_COUNT]; /* kinds that are hooked */
extern bool disk_counts; /* these hooks are of the sort that sees no data */
extern bool disk_watched;		     /* hooks there are at all */
extern bool disk_denies_ends, disk_may_lack_data;
/* In a world that is odd, hooks decide as they like of whatever request, and disks may be encrypted in part. */
void disk_set_world(bool is_odd);
extern int disk_depth;			     /* of what happens while hooks are asked */
extern unsigned disk_nr_waiting, disk_nr_held; /* requests that wait; those that ever did */
extern unsigned disk_nr_wanted;		     /* who wants interrupts */

static inline unsigned disk_rule(uint64_t lba)
{
	return (unsigned)(lba / BLOCKS_EACH % 8);
}

/* What dropped reads give from there: zeros, or what a hook has answered. */
static inline uint8_t disk_answer(uint64_t lba)
{
	return !disk_may_lack_data && lba / BLOCKS_EACH / 8 % 2 != 0 ? 0x77 : 0;
}

#define DISK_SEQUENCES 2000 /* of each sort */
extern bool disk_is_nonsense; /* guest and device keep to nothing */
/* So many of the program's sequences, until one fails. A fuzzer makes up its own (unit_sequence()). */
void disk_run_sequences(bool is_nonsense);

/* A request that waits is decided. */
void disk_resume_one(void);

/* The program's: */
extern void (*disk_happen)(void);     /* another CPU does something */
extern bool (*disk_device_step)(void); /* the device does */
extern struct spinlock *disk_lock;    /* not held while hooks are asked */
void disk_sequence(void);	       /* from power-on to what must hold at its end, as disk_is_nonsense has it */

#endif
