/*
 * process/service.h: programs at CPL 3 without Ruby (service/program.h): each a process that is made for one question,
 * with an address space of its own and no system call but its end, and, of some, what is asked on the way.
 */
#ifndef PROCESS_SERVICE_H
#define PROCESS_SERVICE_H

#include "service/program.h"

struct service;
struct vcpu;

#define SERVICE_ANSWER_BYTES 512 /* at most */

struct service_program {
	const uint8_t *image, *image_end; /* an ELF64 file on whole pages of the hypervisor's image (service_image.S) */
	const char *work;		  /* what it does, for messages: "killed in ..." */
	size_t request_bytes, answer_bytes;
	size_t words_offset, words_bytes; /* the text in its answer */
	uint64_t time_ms;		  /* in all; 0: the option load_budget_ms= */
	uint64_t slice_us;		  /* of a service_run(); 0: all of it at once, but while the guest lives */
	bool secret;			  /* all that it could write, and what it was asked, is wiped when it goes */
};

/* What a program asks amid its work: at most SERVICE_EXCHANGE_BYTES, and so many are the answer's room. False: no answer. */
typedef bool (*service_talk)(void *context, const uint8_t *command, size_t command_bytes, uint8_t *answer, size_t *answer_bytes);

/* Both ranges are whole pages, which stay the caller's, and must not change, nor go, before service_end(). */
struct service_question {
	const char *name; /* whose, for messages */
	const void *request;
	hpa_t text;	  /* read where it is, at SERVICE_TEXT_ADDRESS */
	uint64_t text_bytes;
	hpa_t memory;	  /* lent to it at SERVICE_MEMORY_ADDRESS */
	uint64_t memory_bytes;
	bool live;	  /* the guest lives: it runs in slices of PROCESS_SLICE_US, of memory that scripts of the boot do
			     not miss */
	service_talk talk; /* called by service_run(), without locks; NULL: it has nobody to ask */
	void *context;
};

/* Makes one. 0, -RV_ENOMEM; -RV_EINVAL: a range is none; -RV_ENOTSUP: nothing can run at CPL 3 yet (process_prepare()).
 * Context: boot; exit. */
int service_begin(const struct service_program *program, const struct service_question *question,
		  struct service **service);

/* Lets it go on. False: its slice is over, come again. Not for two CPUs at a time. Context: boot, exit; without
 * locks. */
bool service_run(struct service *service, struct vcpu *vcpu);

/* Behind its end, a copy of its answer; NULL: it has given none. Of what is in it, its words are made a text that ends
 * and has no control codes: they reach the log and terminals. The rest may be anything. */
const void *service_answer(const struct service *service);

/* Behind its end: was its time up? */
bool service_is_late(const struct service *service);

/* Its memory is free again, whether it has ended or not. NULL: nothing. */
void service_end(struct service *service);

#endif
