/*
 * process/resident.h: services: programs at CPL 3 without Ruby that stay (service/resident.h says what such a program
 * is). Each has an address space, memory that it is given once, and rings of records to and from us.
 *
 * A service waits, for a time or for a record, and is then run in slices of PROCESS_SLICE_US, each in an exit, or in
 * the time that a guest idles away, of whichever CPU looks after deadlines next; by one CPU at a time, and with no
 * lock held. All of them together get RESIDENT_SHARE percent of one CPU's time at most, but for RESIDENT_BURST_US at a
 * stretch after a rest.
 *
 * It is started again when it dies. From death to start there is nobody behind its rings, and what was in them is gone.
 */
#ifndef PROCESS_RESIDENT_H
#define PROCESS_RESIDENT_H

#include "service/resident.h"

struct resident;
struct vcpu;

#define RESIDENT_SHARE 10
#define RESIDENT_BURST_US 2000
#define RESIDENTS_MAXIMUM 4

struct resident_ring {
	uint32_t size_bytes; /* a power of two, a page at least */
	bool to_service;
	bool scripts; /* the first such of a direction is what scripts write to, or read from */
};

struct resident_program {
	const char *name;		    /* for messages, and scripts */
	const uint8_t *image, *image_end;   /* as in struct service_program */
	uint32_t heap_bytes, stack_bytes;   /* whole pages; its stack does not grow */
	uint64_t turn_us;		    /* a turn that takes more of the CPU's time ends it */
	bool secret;			    /* its memory, and what its registers left on our stacks, are wiped */
	unsigned nr_rings;
	struct resident_ring rings[RESIDENT_RINGS_MAXIMUM];
	/* NULL, or: it is about to run from its beginning, its rings are empty: the place to write what it has to know
	 * first. Nobody else runs one of these functions for it, or it, meanwhile. Context: exit, boot; without locks. */
	void (*starts)(struct resident *resident, void *context, struct vcpu *vcpu);
	/* NULL, or: it has just run, and may have written to its rings: the place to read them. As above. */
	void (*ran)(struct resident *resident, void *context, struct vcpu *vcpu);
	/* NULL, or: it is dead. As above. */
	void (*died)(struct resident *resident, void *context, struct vcpu *vcpu);
};

/* Whole pages from `text` on, which stay the caller's, must not change and are never freed, are what it finds at
 * RESIDENT_TEXT_ADDRESS. It starts as soon as a CPU looks after deadlines. It is never taken away. 0; -RV_ENOMEM;
 * -RV_EINVAL: the program, a ring or the text is none; -RV_ENOSPC: RESIDENTS_MAXIMUM; -RV_ENOTSUP: nothing can run at
 * CPL 3 yet (process_prepare()). Context: boot, or exit, without locks; a deadline_look() has to follow. */
int resident_create(const struct resident_program *program, void *context, hpa_t text, uint64_t text_bytes,
		    struct resident **resident);

/* Appends a record to a ring to the service, and wakes it. For any number of CPUs at a time; none waits for what the
 * service does. 0; -RV_E2BIG: longer than the ring; -RV_EAGAIN: the ring is full, or the service dead: it is lost.
 * Context: exit, boot; any lock may be held; a deadline_look() has to follow. */
int resident_write(struct resident *resident, unsigned ring, uint32_t tag, const void *bytes, uint32_t length_bytes);

/* The same of two parts. */
int resident_write_two(struct resident *resident, unsigned ring, uint32_t tag, const void *head, uint32_t head_bytes,
		       const void *bytes, uint32_t length_bytes);

/* The next record of a ring from the service: its length, with its bytes in `to`. -RV_EAGAIN: there is none, or the
 * service is dead; -RV_E2BIG: it is longer than the room, and is thrown away. A ring that is broken kills the service.
 * Context: as above. */
int64_t resident_read(struct resident *resident, unsigned ring, uint32_t *tag, void *to, uint32_t room_bytes);

/* resident_wait() returns. Context: as above. */
void resident_wake(struct resident *resident);

/* The one of that name, NULL. They are never freed. Context: any. */
struct resident *resident_find(const char *name);

/* What is told of services. A glance. */
struct resident_facts {
	const char *name;
	bool runs; /* false: it is dead, and waits to be started again */
	uint64_t starts, turns, moves, stops, cycles, memory_bytes;
	struct resident *resident;
	int script_writes, script_reads; /* the number of that ring; -1: there is none */
};
/* False: there are not so many. */
bool resident_describe(unsigned position, struct resident_facts *facts);

#endif
