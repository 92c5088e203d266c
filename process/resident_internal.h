/*
 * process/resident_internal.h: what a service is to the files of process/.
 */
#ifndef PROCESS_RESIDENT_INTERNAL_H
#define PROCESS_RESIDENT_INTERNAL_H

#include "core/spinlock.h"
#include "process/process_internal.h"
#include "process/program_file.h"
#include "process/resident.h"

/* Our end of a ring. Its lock, innermost but for the log's, guards all of it. */
struct resident_end {
	struct spinlock lock;
	bool is_open; /* there is somebody behind it */
	struct rv_ring ring;
};

struct resident {
	struct process process;
	const struct resident_program *program; /* this and what follows are written once */
	void *context;
	struct program_file file;
	struct rv_ring_indices *indices; /* a page, which it has too */
	uint8_t *rings_bytes;		 /* likewise, whole pages */
	uint64_t text_bytes, memory_bytes;

	struct resident_end ends[RESIDENT_RINGS_MAXIMUM];
	bool is_broken; /* a ring of its: it is to be killed */

	/* resident_lock guards these. */
	bool runs;	  /* on a CPU, whose all the rest is meanwhile */
	bool is_woken;
	uint64_t due_tsc; /* while it does not run: when it is to */
	uint64_t ran_tsc; /* when it did last */
	uint32_t cpu;	  /* and where */
	uint64_t nr_moves, cycles;

	bool is_alive;
	uint64_t turn_tsc; /* taken in this turn, by its slices so far */
	uint64_t start_tsc, rest_us;
	uint64_t nr_starts, nr_turns, nr_stops;
	uint64_t log_tsc;
	unsigned log_lines, log_lost;
	char fate[48]; /* what becomes of it when it dies, for messages */
};

/* resident_rings.c: from a page's first byte on, all its bytes; both ends begin. */
uint64_t resident_rings_bytes(const struct resident_program *program);
void resident_open_rings(struct resident *resident);
/* Nobody is behind them any more. */
void resident_close_rings(struct resident *resident);

/* resident_memory.c: its address space, all of it from the start. 0, -RV_ENOMEM, -RV_EINVAL; what is mapped then
 * goes with resident_unmap(). */
int resident_map(struct resident *resident, hpa_t text);
void resident_unmap(struct resident *resident);
/* All that it could write becomes zeros; then, and if it was so from the start, what it was at first. */
void resident_wipe(struct resident *resident);
void resident_fill(struct resident *resident);

/* The call of a service's that logs: may it, a line so long? */
bool resident_may_log(struct process *process);

#endif
