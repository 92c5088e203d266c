/*
 * tests/unit/disk_requests.h: what stands around a mediator of disks: hooks that decide by the LBA, locks, and those
 * who hear of interrupts.
 */
#ifndef TESTS_UNIT_DISK_REQUESTS_H
#define TESTS_UNIT_DISK_REQUESTS_H

#include "mediator/request.h"
#include "rv/kinds.h"
#include "second_cpu.h"

#define KEY 0x5a       /* that hooks change data by, of writes, and at the end of reads */
#define BLOCKS_EACH 16 /* blocks after which there is another rule */
enum disk_rule { RULE_DENY, RULE_DROP, RULE_DENY_END = 6 }; /* the last if disk_denies_ends; and others: pass */

extern bool disk_wants[RV_EVENT_KIND_COUNT]; /* kinds that are hooked */
extern bool disk_counts; /* these hooks are of the sort that sees no data */
extern bool disk_watched;		     /* hooks there are at all */
extern bool disk_denies_ends, disk_may_lack_data;
/* In a world that is odd, hooks decide as they like of whatever request, and disks may be encrypted in part. */
void disk_set_world(bool is_odd);
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

/* So many things happen, on one CPU and now and then on a second, which may not be through with what it is at then
 * (second_cpu.h). */
void disk_go_on(unsigned steps);
/* Nothing is left then, by steps that give nothing new, which both CPUs do. */
void disk_settle(unsigned (*left)(void), void (*step)(void));
/* A request that waits is decided. */
void disk_resume_one(void);

/* A reset has let them go, but for those which had not begun to wait: the device is done with them as they are decided. */
void disk_let_go(void);

/* The program's: */
extern void (*disk_happen)(void);     /* another CPU does something */
extern bool (*disk_device_step)(void); /* the device does */
extern struct spinlock *disk_lock;    /* not held while hooks are asked */
void disk_sequence(void);	       /* from power-on to what must hold at its end, as disk_is_nonsense has it */

#endif
