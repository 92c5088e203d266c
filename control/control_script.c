/*
 * control/control_script.c: the scripts that sessions have in hand, from the first byte of their text until they
 * are forgotten, and their leases.
 *
 * control_script_lock guards the records. It is not held while an engine runs: who works on a script has made it
 * busy, and others are told to come again (RV_EAGAIN), the end of its lease too.
 */
#include "control/control_internal.h"
#include "core/instructions.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/spinlock.h"
#include "core/string.h"
#include "core/time.h"
#include "process/process_live.h"
#include "process/process_output.h"
#include "process/signature.h"
#include "rv/errno.h"
#include "vmm/deadline.h"

#define CONTROL_SCRIPTS 24
#define CONTROL_SCRIPT_INDEX_BITS 8

struct control_script {
	uint64_t handle; /* 0: the record is free */
	uint64_t session;
	bool busy, lent, replaces, dry;
	char name[CONTROL_NAME_BYTES];
	uint8_t *pages; /* its text, until it is the engine's; NULL then */
	size_t nr_pages;
	uint64_t bytes;
	struct process *process; /* NULL: not started */
	struct process_output *output;
	uint8_t *signature; /* a page; NULL: none came */
	size_t signature_bytes;
	bool sealed;	       /* its signature is being checked, or was: the text stays */
	bool admitted;	       /* it is good */
	struct service *check; /* NULL: none goes on */
	uint64_t lease_tsc; /* when its lease ends */
	struct deadline lease;
};

static struct spinlock control_script_lock;
static struct control_script control_scripts[CONTROL_SCRIPTS];
static uint64_t control_script_count; /* ever */

static void script_end_lease(struct deadline *deadline, struct vcpu *vcpu);

static void script_renew(struct control_script *script)
{
	script->lease_tsc = tsc_read() + time_tsc_of_us(UINT64_C(1000000) * CONTROL_LEASE_SECONDS);
	script->lease.expire = script_end_lease;
	deadline_set(&script->lease, script->lease_tsc);
}

/* Takes a script of a session's for oneself. */
static int script_claim(uint64_t session, uint64_t handle, struct control_script **claimed)
{
	int error = -RV_ENOENT;

	spinlock_acquire(&control_script_lock);
	for (unsigned i = 0; i < CONTROL_SCRIPTS && handle != 0; i++) {
		struct control_script *script = &control_scripts[i];

		if (script->handle != handle || script->session != session)
			continue;
		error = script->busy ? -RV_EAGAIN : 0;
		script->busy = true;
		*claimed = script;
		break;
	}
	spinlock_release(&control_script_lock);
	return error;
}

static void script_leave(struct control_script *script)
{
	spinlock_acquire(&control_script_lock);
	script_renew(script);
	script->busy = false;
	spinlock_release(&control_script_lock);
}

/* The record is nobody's. It was busy. */
static void script_free(struct control_script *script)
{
	(void)deadline_cancel(&script->lease);
	service_end(script->check); /* before the pages that it reads */
	process_output_free(script->output);
	if (script->pages != NULL)
		memory_free_pages(script->pages, script->nr_pages);
	if (script->signature != NULL)
		memory_free_pages(script->signature, 1);
	spinlock_acquire(&control_script_lock);
	script->handle = 0;
	script->signature = NULL;
	script->check = NULL;
	script->sealed = script->admitted = false;
	script->pages = NULL;
	script->process = NULL;
	script->output = NULL;
	script->busy = false;
	spinlock_release(&control_script_lock);
}

/* What was lent, or is still loading, goes; the rest stays, without a watcher. -RV_EBUSY: a CPU has stopped amid
 * it. It was busy. */
static int script_dismiss(struct control_script *script, struct vcpu *vcpu)
{
	struct process *process = script->process;

	/* What has taken another's place stays, and that one goes. */
	if (process != NULL && process_live_has_swapped(process) &&
	    process_live_run(process, vcpu) == PROCESS_PHASE_LOADING)
		return -RV_EBUSY;
	if (process != NULL && (script->lent || process_phase(process) == PROCESS_PHASE_LOADING) &&
	    process_unload(process, vcpu, true) != 0)
		return -RV_EBUSY;
	if (process != NULL && !process_live_detach(process))
		return -RV_EBUSY;
	if (process != NULL)
		process_live_release(process);
	script_free(script);
	return 0;
}

/* Whoever watched it polls no more. */
static void script_end_lease(struct deadline *deadline, struct vcpu *vcpu)
{
	struct control_script *script = CONTAINER_OF(deadline, struct control_script, lease);
	bool over;

	spinlock_acquire(&control_script_lock);
	over = script->handle != 0 && !script->busy && tsc_read() >= script->lease_tsc;
	if (over)
		script->busy = true;
	else if (script->handle != 0)
		script_renew(script);
	spinlock_release(&control_script_lock);
	if (!over)
		return;
	log_info("%s: nobody watches it any more", script->name);
	if (script_dismiss(script, vcpu) != 0)
		script_leave(script);
}

static bool script_name_is_good(const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < length; i++) {
		char c = name[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') && c != '.' &&
		    c != '_' && c != '+' && c != '-')
			return false;
	}
	return length != 0 && length < CONTROL_NAME_BYTES;
}

/* A free record, which is busy then; NULL: there is none. */
static struct control_script *script_take(uint64_t session)
{
	struct control_script *script = NULL;

	spinlock_acquire(&control_script_lock);
	for (unsigned i = 0; i < CONTROL_SCRIPTS && script == NULL; i++) {
		if (control_scripts[i].handle == 0) {
			script = &control_scripts[i];
			script->handle = ++control_script_count << CONTROL_SCRIPT_INDEX_BITS | i;
			script->session = session;
			script->busy = true;
		}
	}
	spinlock_release(&control_script_lock);
	return script;
}

int64_t control_script_begin(uint64_t session, const char *name, uint64_t bytes, uint64_t flags)
{
	struct control_script *script;
	int64_t handle;

	if (!script_name_is_good(name) ||
	    (flags != 0 && flags != CONTROL_LEND && flags != CONTROL_REPLACE && flags != CONTROL_DRY))
		return -RV_EINVAL;
	if (bytes > CONTROL_SCRIPT_BYTES_MAXIMUM)
		return -RV_E2BIG;
	script = script_take(session);
	if (script == NULL)
		return -RV_ENOSPC;
	string_copy(script->name, name, sizeof(script->name));
	script->lent = flags & CONTROL_LEND;
	script->replaces = flags & CONTROL_REPLACE;
	script->dry = flags & CONTROL_DRY;
	script->bytes = bytes;
	script->nr_pages = (size_t)(bytes / PAGE_BYTES + 1);
	script->pages = process_live_allocate_pages(script->nr_pages);
	if (script->pages == NULL) {
		script_free(script);
		return -RV_ENOMEM;
	}
	handle = (int64_t)script->handle;
	script_leave(script);
	return handle;
}

int64_t control_script_text(uint64_t session, uint64_t handle, uint64_t offset, const void *text, size_t bytes)
{
	struct control_script *script;
	int64_t result = script_claim(session, handle, &script);

	if (result != 0)
		return result;
	if (script->pages == NULL || script->sealed || offset > script->bytes || bytes > script->bytes - offset)
		result = -RV_EINVAL;
	else
		memcpy(script->pages + offset, text, bytes);
	script_leave(script);
	return result;
}

static int64_t script_sign(struct control_script *script, const void *signature, size_t bytes)
{
	if (script->pages == NULL || script->sealed)
		return -RV_EINVAL;
	if (bytes > VERIFY_SIGNATURE_BYTES)
		return -RV_E2BIG;
	if (script->signature == NULL)
		script->signature = process_live_allocate_pages(1);
	if (script->signature == NULL)
		return -RV_ENOMEM;
	memcpy(script->signature, signature, bytes);
	script->signature_bytes = bytes;
	return 0;
}

int64_t control_script_sign(uint64_t session, uint64_t handle, const void *signature, size_t bytes)
{
	struct control_script *script;
	int64_t result = script_claim(session, handle, &script);

	if (result != 0)
		return result;
	result = script_sign(script, signature, bytes);
	script_leave(script);
	return result;
}

static int script_ask(struct control_script *script)
{
	struct signature_question question = {
		.name = script->name,
		.text = script->pages,
		.text_bytes = script->bytes,
		.signature = script->signature,
		.signature_bytes = script->signature != NULL ? script->signature_bytes : 0,
	};

	return signature_ask(&question, true, &script->check);
}

/* The next slice of the check of its signature, where one is required. */
static int64_t script_prove(struct control_script *script, struct control_message *message, struct vcpu *vcpu)
{
	char why[160];
	int64_t error;

	if (!signature_is_required() || script->admitted)
		return 0;
	script->sealed = true;
	if (script->check == NULL) {
		error = script_ask(script);
		return error != 0 ? error : -RV_EAGAIN;
	}
	if (!service_run(script->check, vcpu))
		return -RV_EAGAIN;
	script->admitted = signature_admit(script->name, script->check, why, sizeof(why));
	service_end(script->check);
	script->check = NULL;
	if (script->admitted)
		return 0;
	log_warning("%s: refused: %s", script->name, why);
	return control_refuse_text(message, why);
}

static int64_t script_start(struct control_script *script)
{
	struct process_live_request request = {
		.name = script->name,
		.pages = script->pages,
		.nr_pages = script->nr_pages,
		.length_bytes = (size_t)script->bytes,
		.replaces = script->replaces ? script->name : NULL,
		.policies = control_level == CONTROL_POLICY,
		.lent = script->lent,
		.dry = script->dry,
	};
	int error;

	if (script->output == NULL)
		script->output = process_output_create();
	if (script->output == NULL)
		return -RV_ENOMEM;
	request.output = script->output;
	error = process_live_create(&request, &script->process);
	if (error != 0)
		return error;
	script->pages = NULL;
	log_info("%s: loaded from the guest", script->name);
	return 0;
}

int64_t control_script_start(uint64_t session, struct control_message *message, struct vcpu *vcpu)
{
	struct control_script *script;
	int64_t result = script_claim(session, message->argument[0], &script);

	message->data_bytes = 0;
	if (result != 0)
		return result;
	result = script->pages == NULL ? -RV_EINVAL : script_prove(script, message, vcpu);
	if (result == 0)
		result = script_start(script);
	script_leave(script);
	return result;
}

static int64_t script_poll(struct control_script *script, struct control_message *message, struct vcpu *vcpu)
{
	enum process_phase phase = process_phase(script->process);

	if (phase == PROCESS_PHASE_LOADING)
		phase = process_live_run(script->process, vcpu);
	/* The phase before the output: what is read behind the end is all. */
	message->data_bytes = (uint32_t)process_output_read(script->output, &message->argument[1], message->data,
							    sizeof(message->data), &message->argument[2]);
	message->argument[3] = process_exit_status(script->process);
	return (int64_t)phase;
}

int64_t control_script_poll(uint64_t session, struct control_message *message, struct vcpu *vcpu)
{
	struct control_script *script;
	int64_t result = script_claim(session, message->argument[0], &script);

	if (result != 0)
		return result;
	if (script->process == NULL)
		result = CONTROL_PHASE_TEXT;
	else
		result = script_poll(script, message, vcpu);
	script_leave(script);
	return result;
}

int64_t control_script_input(uint64_t session, uint64_t handle, const void *text, size_t bytes, struct vcpu *vcpu)
{
	struct control_script *script;
	int64_t result = script_claim(session, handle, &script);

	if (result != 0)
		return result;
	if (script->process == NULL || process_phase(script->process) != PROCESS_PHASE_LIVE)
		result = -RV_EINVAL;
	else
		result = process_live_input(script->process, text, bytes, vcpu);
	script_leave(script);
	return result;
}

int64_t control_script_unload(uint64_t session, uint64_t handle, struct vcpu *vcpu)
{
	struct control_script *script;
	int64_t result = script_claim(session, handle, &script);

	if (result != 0)
		return result;
	if (script->process != NULL && process_live_has_swapped(script->process))
		result = -RV_EBUSY;
	else if (script->process != NULL)
		result = process_unload(script->process, vcpu,
					control_level == CONTROL_POLICY ||
						process_phase(script->process) == PROCESS_PHASE_LOADING);
	script_leave(script);
	return result;
}

int64_t control_script_forget(uint64_t session, uint64_t handle, struct vcpu *vcpu)
{
	struct control_script *script;
	int64_t result = script_claim(session, handle, &script);

	if (result != 0)
		return result;
	result = script_dismiss(script, vcpu);
	if (result != 0)
		script_leave(script);
	return result;
}

/* The handle of one of a session's, the first behind an index; 0: there is none. */
static uint64_t script_next_of(uint64_t session, unsigned *index)
{
	uint64_t handle = 0;

	spinlock_acquire(&control_script_lock);
	for (; *index < CONTROL_SCRIPTS && handle == 0; (*index)++) {
		if (control_scripts[*index].session == session)
			handle = control_scripts[*index].handle;
	}
	spinlock_release(&control_script_lock);
	return handle;
}

void control_script_forget_all(uint64_t session, struct vcpu *vcpu)
{
	unsigned index = 0;
	uint64_t handle;

	while ((handle = script_next_of(session, &index)) != 0)
		(void)control_script_forget(session, handle, vcpu);
}
