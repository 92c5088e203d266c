/*
 * process/unseal.h: the program that has a TPM unseal keys (service/unseal.h). Sealed keys and a TPM's answers are read at
 * CPL 3, in an address space that is made for one question and wiped behind it.
 */
#ifndef PROCESS_UNSEAL_H
#define PROCESS_UNSEAL_H

#include "process/service.h"
#include "service/unseal.h"

struct vcpu;

/* False: it gave no answer. *answer is the caller's to wipe; of what it says any may be a lie but that its secret, and
 * its text, lie within their bounds. The text is in whole pages, which nobody writes to meanwhile. Context: boot. */
bool unseal_ask(const struct unseal_request *request, hpa_t text, service_talk talk, void *context, struct vcpu *vcpu,
		struct unseal_answer *answer);

#endif
