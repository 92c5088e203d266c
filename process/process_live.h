/*
 * process/process_live.h: script engines that come and go while the guest lives. This is what control/ calls.
 *
 * Their top level runs in slices of PROCESS_SLICE_US, each in an exit of its own, and the guest goes on in between.
 * Its hooks are staged meanwhile: they come into force together when it has run to its end. The memory is what
 * is free: each has its quota for itself, or is not made, and a part stays for the scripts of the boot.
 *
 * A record (struct process) is never freed but renewed for another script, when all hooks of the last are gone
 * and process_live_release() was called. process_live_lock guards who has which.
 */
#ifndef PROCESS_PROCESS_LIVE_H
#define PROCESS_PROCESS_LIVE_H

#include "rv/abi.h"
#include "rv/types.h"

struct metrics;
struct process;
struct process_output;
struct vcpu;

#define PROCESS_LIVE_MAXIMUM 16 /* at one time */
#define PROCESS_SLICE_US 200

enum process_phase {
	PROCESS_PHASE_LOADING,
	PROCESS_PHASE_LIVE,   /* its hooks are in force */
	PROCESS_PHASE_ENDED,
	PROCESS_PHASE_DENIES, /* ended, and what its hooks with on_error: :deny were about is denied */
};

struct process_live_request {
	const char *name;
	void *pages; /* memory_allocate_pages(): the script's text and a NUL; the engine's on success */
	size_t nr_pages, length_bytes;
	struct process_output *output; /* the caller's: it outlives the engine, or process_live_detach() is called */
	const char *replaces; /* NULL, or a script whose place it takes when its top level is over, and what that hands over
				 (at_reload) has reached it; if anything of it fails, that stays */
	bool policies; /* that may be a policy */
	bool lent; /* for as long as somebody watches it: it must be no policy */
	bool dry; /* it ends when its top level is over, and its hooks never come into force */
};

/* Pages for what a script that is to come needs, of what is not kept for those of the boot; NULL: no memory. */
void *process_live_allocate_pages(size_t nr_pages);

/* Makes an engine. 0 or -RV_ENOMEM, -RV_ENOSPC, -RV_E2BIG; -RV_EEXIST: one of that name is in force; -RV_EPERM: a
 * policy cannot be lent, or replaced; -RV_ENOENT, -RV_EBUSY: there is nothing to replace, or it is lent; -RV_ENOTSUP: there is no engine program. Context: exit; without locks. */
int process_live_create(const struct process_live_request *request, struct process **process);

/* The next slice of its top level, or the next step by which it takes another's place; not for two CPUs at a time. Returns the phase behind it; a load that takes more than
 * load_budget_ms= in all is ended. Context: exit; without locks. */
enum process_phase process_live_run(struct process *process, struct vcpu *vcpu);

enum process_phase process_phase(struct process *process);
/* 0: well; another: as the script said, or PROCESS_STATUS_KILLED. */
uint64_t process_exit_status(const struct process *process);

/* Takes a script away, of the boot or live: its at_exit blocks run, unless it is still loading, its hooks go,
 * its memory is free on return, or once all CPUs have been in their guests. 0; -RV_EBUSY: a CPU stopped amid it;
 * -RV_EPERM: it is a policy, and `policies` is false. Context: exit; without locks. */
int process_unload(struct process *process, struct vcpu *vcpu, bool policies);

/* Gives a live script a text (RV_EVENT_INPUT). 0; -RV_EINVAL: it takes none; -RV_ECANCELED: it failed; -RV_EBUSY: a
 * CPU stopped amid it. Context: exit; without locks. */
int process_live_input(struct process *process, const void *text, size_t length_bytes, struct vcpu *vcpu);

/* Has it another's place already, but that one not gone? process_live_run() sees to it. */
bool process_live_has_swapped(const struct process *process);

/* Nobody watches it any more: its output goes to the log. False: a CPU stopped amid it. Context: exit; without locks. */
bool process_live_detach(struct process *process);

/* The caller knows it no more: the record may become another's as soon as it has ended. */
void process_live_release(struct process *process);

/* Was it lent? */
bool process_live_is_lent(const struct process *process);

/* The script of that name, of the boot or live, that is in force, loads or denies; NULL: there is none. A record of
 * a live one stays its until process_put(). Context: exit. */
struct process *process_find(const char *name);
void process_put(struct process *process);

/* The script at a position, likewise held; NULL: behind the last. *position becomes that of the next. Positions of
 * live ones stay theirs. */
struct process *process_at(unsigned *position);

/* The metrics of a script that is held, be it running: hook/metric.h. */
struct metrics *process_metrics(struct process *process);

/* What is told of a script. A glance: it may change at any time. */
struct process_facts {
	const char *name;
	enum process_phase phase;
	bool live, lent, policy;
	unsigned nr_hooks;
	uint64_t nr_events, nr_errors, heap_bytes, cycles;
};
void process_describe(struct process *process, struct process_facts *facts);

#endif
