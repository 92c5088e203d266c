/*
 * process/signature.c: the decision whether a signed script may run. signature_lock guards the serials, which are kept
 * as long as we run.
 */
#include "process/signature.h"

#include "core/instructions.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/spinlock.h"
#include "core/string.h"
#include "core/time.h"
#include "rv/errno.h"

#define SIGNATURE_NAMES 128 /* whose serials are known; more are refused */

struct signature_serial {
	char name[RV_SCRIPT_NAME_BYTES]; /* empty: free, as all behind it */
	uint64_t highest;
};

static struct signature_options signature_options; /* written at boot only */
static struct spinlock signature_lock;
static struct signature_serial signature_serials[SIGNATURE_NAMES];

void signature_init(const struct signature_options *options)
{
	signature_options = *options;
	if (!options->required)
		return;
	if (options->nr_keys == 0)
		log_error("require_signed without trusted_key=: no script will run");
	else
		log_notice("scripts run only if they are signed (%u %s)", options->nr_keys,
			   options->nr_keys == 1 ? "key" : "keys");
}

bool signature_is_required(void)
{
	return signature_options.required;
}

int signature_ask(const struct signature_question *question, bool live, struct service **service)
{
	struct verify_request *request = memory_allocate(sizeof(*request)); /* too large for the stack */
	bool fits = question->signature_bytes <= sizeof(request->signature);
	int error;

	if (request == NULL)
		return -RV_ENOMEM;
	request->work = VERIFY_SCRIPT;
	request->nr_keys = signature_options.nr_keys;
	memcpy(request->keys, signature_options.keys, sizeof(request->keys));
	string_copy(request->name, question->name, sizeof(request->name));
	request->now = time_boot_seconds + (int64_t)((tsc_read() - time_boot_tsc) / time_tsc_hz);
	request->text_bytes = question->text_bytes;
	/* One that is too long is told by its length. */
	request->signature_bytes = fits ? (uint32_t)question->signature_bytes : UINT32_MAX;
	if (fits)
		memcpy(request->signature, question->signature, question->signature_bytes);
	error = verify_begin(request, question->text, live, service);
	memory_free(request);
	return error;
}

/* Under the lock. NULL: there is no room. */
static struct signature_serial *signature_find(const char *name)
{
	for (unsigned i = 0; i < SIGNATURE_NAMES; i++) {
		struct signature_serial *serial = &signature_serials[i];

		if (serial->name[0] == '\0') {
			string_copy(serial->name, name, sizeof(serial->name));
			serial->highest = signature_options.lowest_serial;
		}
		if (strcmp(serial->name, name) == 0)
			return serial;
	}
	return NULL;
}

bool signature_admit(const char *name, const struct service *service, char *why, size_t why_bytes)
{
	struct signature_serial *known;
	uint64_t serial, highest = 0;

	if (!verify_is_good(service, &serial)) {
		string_copy(why, verify_why(service), why_bytes);
		return false;
	}
	spinlock_acquire(&signature_lock);
	known = signature_find(name);
	if (known != NULL) {
		highest = known->highest;
		known->highest = serial > highest ? serial : highest;
	}
	spinlock_release(&signature_lock);
	if (known == NULL)
		string_copy(why, "too many signed scripts have been here", why_bytes);
	else if (serial < highest)
		print_format(why, why_bytes, "its serial is %lu, and %lu has been here, or is the lowest (lowest_serial=)",
			     serial, highest);
	return known != NULL && serial >= highest;
}

bool signature_check(const struct signature_question *question, struct vcpu *vcpu, char *why, size_t why_bytes)
{
	struct service *service;
	bool good;

	if (signature_ask(question, false, &service) != 0) {
		string_copy(why, "its signature cannot be checked: the hypervisor's memory does not suffice", why_bytes);
		return false;
	}
	while (!service_run(service, vcpu))
		;
	good = signature_admit(question->name, service, why, why_bytes);
	service_end(service);
	return good;
}
