/*
 * service/program.h: what the hypervisor and its programs at CPL 3 without Ruby agree on.
 *
 * Each is a static ELF64 within the hypervisor's image. It runs in an address space that is made for one question and
 * thrown away behind it (process/service.h), by the rules of engines (rv/abi.h), of whose system calls it has
 * RV_SYS_EXIT only, and RV_SYS_NEXT_EVENT if it has somebody to talk to. RDI points at what is asked, which it may read; it writes its answer and exits with 0. Whatever
 * else it does is no answer.
 */
#ifndef SERVICE_PROGRAM_H
#define SERVICE_PROGRAM_H

#include "rv/abi.h"

#define SERVICE_REQUEST_ADDRESS RV_ENGINE_INFO_ADDRESS	/* r-- */
#define SERVICE_ANSWER_ADDRESS RV_ENGINE_EVENT_ADDRESS	/* rw-, a page */
#define SERVICE_TEXT_ADDRESS RV_ENGINE_SCRIPT_ADDRESS	/* r--, what the question is about */
#define SERVICE_TEXT_BYTES_MAXIMUM 0x01000000
/* Of a program that has somebody to talk to: it puts a command here and makes RV_SYS_NEXT_EVENT, which returns when
 * the answer is there. */
#define SERVICE_EXCHANGE_ADDRESS (SERVICE_ANSWER_ADDRESS + 0x400)
#define SERVICE_EXCHANGE_BYTES 1024
#define SERVICE_MEMORY_ADDRESS UINT64_C(0x100000000)	/* rw-, what was lent for the work */

struct service_exchange {
	uint32_t command_bytes;
	uint32_t answer_bytes; /* 0: there is none */
	uint8_t command[SERVICE_EXCHANGE_BYTES], answer[SERVICE_EXCHANGE_BYTES];
};
_Static_assert(SERVICE_EXCHANGE_ADDRESS + sizeof(struct service_exchange) <= SERVICE_ANSWER_ADDRESS + 4096, "the answer's page");

#endif
