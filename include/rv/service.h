/*
 * include/rv/service.h: services as scripts know them: programs without Ruby that stay (service/resident.h).
 */
#ifndef RV_SERVICE_H
#define RV_SERVICE_H

#include "rv/types.h"

#define RV_SERVICE_NAME_BYTES 32
#define RV_SERVICE_BYTES 4096 /* of a record that a script writes, or reads */

#define RV_SERVICE_RUNS 0x1u   /* else it is dead, and waits to be started again */
#define RV_SERVICE_TAKES 0x2u  /* scripts may write to it */
#define RV_SERVICE_GIVES 0x4u  /* and read from it */

struct rv_service_info {
	char name[RV_SERVICE_NAME_BYTES]; /* NUL-terminated */
	uint64_t flags;
	uint64_t starts, turns;	 /* how often it was started; had something to do */
	uint64_t moves;		 /* how often it went on on another CPU than before */
	uint64_t cycles;	 /* of the TSC, that it took */
	uint64_t memory_bytes;
	uint64_t stops;		 /* how often its slice was over amid what it does */
};

#endif
