/*
 * service/resident.h: what the hypervisor and those of its programs agree on that stay: services (process/resident.h).
 *
 * Such a program is a static ELF64 as the others of service/ are (service.lds, start.S), without FPU. Its
 * service_main() gets struct resident_info and never returns: it looks at its rings and its clock, does what there is to
 * do, and calls resident_wait(), for ever. Meanwhile it may be interrupted anywhere, and goes on with its registers as
 * they were, in a later exit, on any CPU. It sees nothing of that but the time.
 *
 * What kills it: a fault; its end, whatever the status; a turn (from one resident_wait() to the next) that takes more
 * than turn_us of the CPU's time; an index or a length in a ring that cannot be. Then it is started again, after a
 * time that doubles each time up to a minute: from service_main(), with the memory that it began with, and all rings
 * empty. Nothing is kept.
 *
 * System calls are engines' (rv/abi.h): int 0x80, the number in RAX, arguments in RDI, RSI; the result in RAX, all else
 * stays. It has RV_SYS_WAIT, RV_SYS_RANDOM, RV_SYS_LOG and RV_SYS_EXIT, which are the functions below. Time is the TSC.
 */
#ifndef SERVICE_RESIDENT_H
#define SERVICE_RESIDENT_H

#include "rv/abi.h"
#include "rv/ring.h"
#include "service/program.h"

#define RESIDENT_INFO_ADDRESS SERVICE_REQUEST_ADDRESS	  /* r--, a page: struct resident_info */
#define RESIDENT_INDICES_ADDRESS SERVICE_ANSWER_ADDRESS	  /* rw-, a page: struct rv_ring_indices of each ring */
#define RESIDENT_RINGS_ADDRESS UINT64_C(0x11000000)	  /* rw-, the rings' bytes, one behind the other */
#define RESIDENT_RINGS_BYTES_MAXIMUM 0x01000000
#define RESIDENT_TEXT_ADDRESS SERVICE_TEXT_ADDRESS	  /* r--, a configuration, say */
#define RESIDENT_HEAP_ADDRESS RV_ENGINE_HEAP_ADDRESS	  /* rw-, zeros, all of it from the start */

#define RESIDENT_RINGS_MAXIMUM 8
#define RESIDENT_NEVER UINT64_MAX

struct resident_info_ring {
	uint64_t bytes;		/* where they lie */
	uint32_t size_bytes;
	uint32_t to_service;	/* 1: it reads, the hypervisor writes; 0: the other way round */
};

struct resident_info {
	uint64_t tsc_hz;
	uint64_t boot_tsc;	/* the TSC when it was boot_unix_seconds by the machine's clock, which the guest may set */
	int64_t boot_unix_seconds;
	uint64_t heap_bytes;
	uint64_t text_bytes;
	uint64_t turn_us;	/* a turn's time */
	uint64_t start;		/* 1, 2, ...: how often it was started */
	uint32_t nr_rings;
	uint32_t reserved;
	struct resident_info_ring rings[RESIDENT_RINGS_MAXIMUM];
};

#ifndef RITEVISOR_HOST

int service_main(const struct resident_info *info);

static inline int64_t resident_call(uint64_t number, uint64_t first, uint64_t second, uint64_t third)
{
	uint64_t result;

	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(number), "D"(first), "S"(second), "d"(third)
			 : "memory");
	return (int64_t)result;
}
_Static_assert(RV_SYSCALL_VECTOR == 0x80, "resident_call()");

/* Gives the CPU back until that TSC (0: it goes on as soon as its share allows), RESIDENT_NEVER, or until the hypervisor has written to a ring, or read from one
 * that was too full for it: returns at once if that has happened since the last call returned. May return for nothing.
 * Whoever waits for a ring looks at it again before each call. */
static inline void resident_wait(uint64_t tsc)
{
	(void)resident_call(RV_SYS_WAIT, tsc, 0, 0);
}

/* Random bytes by the CPU, RESIDENT_RANDOM_BYTES at most, good for keys. -RV_EIO: it has none: there is nothing as
 * good, do without whatever needs them. */
#define RESIDENT_RANDOM_BYTES 256
static inline int64_t resident_random(void *bytes, uint64_t length_bytes)
{
	return resident_call(RV_SYS_RANDOM, (uint64_t)bytes, length_bytes, 0);
}

/* A line of the hypervisor's log, `level` of enum rv_log_level, below the service's name. -RV_EAGAIN: too many of
 * late, it is only counted. */
static inline int64_t resident_log(uint64_t level, const char *text, uint64_t length_bytes)
{
	return resident_call(RV_SYS_LOG, level, (uint64_t)text, length_bytes);
}

static inline uint64_t resident_tsc(void)
{
	return __builtin_ia32_rdtsc();
}

/* This end of a ring. Once, at the start. */
static inline void resident_open_ring(const struct resident_info *info, unsigned number, struct rv_ring *ring)
{
	rv_ring_begin(ring, (struct rv_ring_indices *)RESIDENT_INDICES_ADDRESS + number,
		      (void *)info->rings[number].bytes, info->rings[number].size_bytes);
}

#endif

#endif
