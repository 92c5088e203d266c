/*
 * script.c: a script on its way: its text, its top level in slices, its output, and its end.
 */
#include "ritectl.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define POLL_NANOSECONDS 20000000
#define NAMES_MAXIMUM 16

/* The second time it ends at once, and the script's lease with it. */
static void script_stop(int signal)
{
	(void)signal;
	if (stopped)
		_exit(STATUS_SCRIPT);
	stopped = 1;
}

void script_watch_signals(void)
{
	struct sigaction action = { .sa_handler = script_stop };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static int64_t script_begin(struct script *script, const struct source *source, uint64_t flags)
{
	message->argument[0] = source->length_bytes;
	message->argument[1] = flags;
	memcpy(message->data, script->name, strlen(script->name));
	return call(CONTROL_BEGIN, (uint32_t)strlen(script->name));
}

static int64_t script_send(const struct script *script, const struct source *source)
{
	int64_t result = 0;

	for (size_t at = 0; at < source->length_bytes && result == 0;) {
		size_t piece = source->length_bytes - at;

		if (piece > CONTROL_DATA_BYTES)
			piece = CONTROL_DATA_BYTES;
		message->argument[0] = script->handle;
		message->argument[1] = at;
		memcpy(message->data, source->text + at, piece);
		result = call(CONTROL_TEXT, (uint32_t)piece);
		at += piece;
	}
	return result;
}

/* A Ritevisor that does not know signatures does not ask for them. */
static int64_t script_sign(const struct script *script, const struct source *source)
{
	int64_t result;

	if (source->signature == NULL)
		return 0;
	message->argument[0] = script->handle;
	memcpy(message->data, source->signature, source->signature_bytes);
	result = call(CONTROL_SIGNATURE, (uint32_t)source->signature_bytes);
	return result == -EINVAL ? 0 : result;
}

/* Of what is lent, a name that is taken gets a number. */
static int64_t script_try(struct script *script, const struct source *source, uint64_t flags, unsigned number)
{
	int64_t result;

	if (number == 1)
		snprintf(script->name, sizeof(script->name), "%s", source->name);
	else
		snprintf(script->name, sizeof(script->name), "%.50s-%u", source->name, number);
	result = script_begin(script, source, flags);
	if (result < 0)
		return result;
	script->handle = (uint64_t)result;
	result = script_send(script, source);
	if (result == 0)
		result = script_sign(script, source);
	if (result != 0)
		return result;
	message->argument[0] = script->handle;
	result = call(CONTROL_START, 0);
	if (result == -EEXIST) {
		message->argument[0] = script->handle;
		(void)call(CONTROL_FORGET, 0);
	}
	return result;
}

void script_start(struct script *script, const struct source *source, uint64_t flags)
{
	int64_t result = -EEXIST;

	for (unsigned number = 1; result == -EEXIST && number <= (flags & (CONTROL_LEND | CONTROL_DRY) ? NAMES_MAXIMUM : 1); number++)
		result = script_try(script, source, flags, number);
	if (result == -CONTROL_EREFUSED) {
		char why[CONTROL_DATA_BYTES + 1];

		memcpy(why, message->data, message->data_bytes);
		why[message->data_bytes] = '\0';
		call_close();
		fail(STATUS_SCRIPT, "%s: refused: %s", script->name, why);
	}
	if (result < 0) {
		call_close();
		fail(result == -EACCES ? STATUS_NONE : STATUS_SCRIPT, "%s: %s", source->name, call_error(result));
	}
}

bool script_take(struct script *script)
{
	uint64_t lost;
	int64_t result;

	message->argument[0] = script->handle;
	message->argument[1] = script->position;
	result = call(CONTROL_POLL, 0);
	if (result < 0)
		fail(STATUS_SCRIPT, "%s: it is gone: %s", script->name, call_error(result));
	script->phase = (enum control_phase)result;
	script->position = message->argument[1];
	lost = message->argument[2];
	script->status = message->argument[3];
	if (lost != script->lost)
		output_lost(script->name, lost - script->lost);
	script->lost = lost;
	return message->data_bytes != 0;
}

/* Prints what there is. False: there was nothing. */
static bool script_poll(struct script *script)
{
	bool any = script_take(script);

	output_records(script->name, message->data, message->data_bytes);
	return any;
}

bool script_has_ended(const struct script *script)
{
	return script->phase == CONTROL_PHASE_ENDED || script->phase == CONTROL_PHASE_DENIES;
}

void script_await_load(struct script *script)
{
	script->phase = CONTROL_PHASE_LOADING;
	while (script->phase == CONTROL_PHASE_LOADING && !stopped)
		(void)script_poll(script);
}

static void script_unload(struct script *script)
{
	int64_t result;

	message->argument[0] = script->handle;
	result = call(CONTROL_UNLOAD, 0);
	if (result != 0)
		fprintf(stderr, "ritectl: %s: %s\n", script->name, call_error(result));
}

static int script_finish(struct script *script)
{
	while (script_poll(script))
		;
	message->argument[0] = script->handle;
	(void)call(CONTROL_FORGET, 0);
	call_close();
	return script_has_ended(script) && script->status != 0 ? STATUS_SCRIPT : STATUS_OK;
}

int script_leave(struct script *script)
{
	if (!script_has_ended(script))
		script_unload(script);
	return script_finish(script);
}

int script_run(const struct source *source)
{
	const struct timespec pause = { .tv_nsec = POLL_NANOSECONDS };
	struct script script = { .handle = 0 };

	script_watch_signals();
	script_start(&script, source, settings.dry ? CONTROL_DRY : CONTROL_LEND);
	script_await_load(&script);
	if (settings.dry && script_has_ended(&script) && script.status == 0 && !settings.quiet)
		fprintf(stderr, "ritectl: %s: its top level is well; nothing of it is in force\n", script.name);
	if (script.phase == CONTROL_PHASE_LIVE && !settings.quiet)
		fprintf(stderr, "ritectl: %s is in force; Ctrl-C takes it away\n", script.name);
	while (!script_has_ended(&script) && !stopped) {
		if (!script_poll(&script))
			nanosleep(&pause, NULL);
	}
	return script_leave(&script);
}

int script_load(const struct source *source, bool replace)
{
	struct script script = { .handle = 0 };

	script_watch_signals();
	script_start(&script, source, replace ? CONTROL_REPLACE : 0);
	script_await_load(&script);
	if (script.phase == CONTROL_PHASE_LOADING)
		script_unload(&script);
	else if (script.phase == CONTROL_PHASE_LIVE && !settings.quiet)
		fprintf(stderr, "ritectl: %s is in force\n", script.name);
	return script_finish(&script);
}
