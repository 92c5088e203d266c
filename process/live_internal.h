/*
 * process/live_internal.h: what a live engine is to the files of process/.
 */
#ifndef PROCESS_LIVE_INTERNAL_H
#define PROCESS_LIVE_INTERNAL_H

#include "process/process_internal.h"
#include "process/process_live.h"

/* How far it is in taking another's place. */
enum live_swap {
	SWAP_NONE,
	SWAP_LOADS,
	SWAP_READY, /* its top level is over */
	SWAP_DONE,  /* the old one still has to go */
};

/* Beside a struct process that is live. process_live_lock guards `taken`, `released` and `nr_pins`, its owner's
 * lock the rest. */
struct process_live {
	struct process process; /* the first: process.c knows no other */
	struct space_script script;
	void *pages;
	size_t nr_pages;
	uint64_t used_tsc; /* by its top level so far */
	struct process *old; /* whose place it takes, held; NULL: nobody's */
	enum live_swap swap;
	struct grace grace;
	bool grace_is_over; /* all CPUs have been in their guests since the last step */
	bool lent, dry;
	bool taken;	   /* by a caller; or, once it has released it, until it has ended */
	bool released;
	unsigned nr_pins;  /* process_find() */
};

static inline struct process_live *live_of(const struct process *process)
{
	return process->live_state;
}

/* live_record.c: records, and the scripts that have them. */
extern struct spinlock process_live_lock;
/* A record for another script, which may have the name of `old`. -RV_EEXIST, -RV_ENOSPC, -RV_ENOMEM. */
int live_take_record(const struct process_live_request *request, const struct process *old,
		     struct process_live **taken);

/* live_swap.c: one script in the place of another. */
/* The script to be replaced, held. 0 with NULL: none is to be. */
int live_find_old(const struct process_live_request *request, struct process **old);
/* False: another is about to replace it. This and the next three: under the new one's owner's lock. */
bool live_begin_swap(struct process_live *live, struct process *old);
void live_settle_swap(struct process_live *live);
void live_swap(struct process_live *live, struct vcpu *vcpu);
/* Of one that ends. */
void live_abandon_swap(struct process_live *live);
/* The old one goes, when it is time. Without locks. */
void live_end_swap(struct process_live *live, struct vcpu *vcpu);

#endif
