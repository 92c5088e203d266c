/*
 * process/signature.h: which scripts may run at all, where the configuration requires signatures: minisign's, by a key
 * that it names, for this name, and with no lower serial than the highest so far. What decides is here; what computes
 * is process/verify.h.
 */
#ifndef PROCESS_SIGNATURE_H
#define PROCESS_SIGNATURE_H

#include "process/verify.h"

struct signature_options {
	bool required;
	unsigned nr_keys; /* too many: none is good */
	char keys[VERIFY_KEYS_MAXIMUM][VERIFY_KEY_BYTES];
	uint64_t lowest_serial; /* what holds for all names from the beginning */
};

/* Context: boot. Until then nothing is required. */
void signature_init(const struct signature_options *options);

bool signature_is_required(void);

struct signature_question {
	const char *name;
	const void *text; /* whole pages, as verify_begin() takes them */
	uint64_t text_bytes;
	const void *signature;
	uint64_t signature_bytes; /* 0: there is none */
};

/* Begins to check; the caller runs and ends it. Errors: verify_begin()'s. */
int signature_ask(const struct signature_question *question, bool live, struct service **service);

/* Behind service_run(): may the script run? From a yes on its serial is the lowest for that name. If not, `why` says
 * so. Context: boot, exit; takes a lock around a few variables. */
bool signature_admit(const char *name, const struct service *service, char *why, size_t why_bytes);

/* All of it, at boot. */
bool signature_check(const struct signature_question *question, struct vcpu *vcpu, char *why, size_t why_bytes);

#endif
