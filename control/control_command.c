/*
 * control/control_command.c: what a message asks for: who may ask that, and the answers that are no script's.
 */
#include "control/control_internal.h"
#include "control/wire_internal.h"
#include "core/cpu.h"
#include "core/instructions.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/string.h"
#include "core/time.h"
#include "hook/metric.h"
#include "process/net_service.h"
#include "process/process_live.h"
#include "process/signature.h"
#include "rv/errno.h"
#include "rv/version.h"
#include "vmm/vcpu.h"

_Static_assert((int)CONTROL_PHASE_ENDED == PROCESS_PHASE_ENDED && (int)CONTROL_PHASE_DENIES == PROCESS_PHASE_DENIES,
	       "control_abi.h, process/process_live.h");

bool control_is_stopped, control_goes_on;

/* Its data as a text; false: it is none, or too long. */
static bool command_name(const struct control_message *message, char name[CONTROL_NAME_BYTES])
{
	if (message->data_bytes == 0 || message->data_bytes >= CONTROL_NAME_BYTES)
		return false;
	memcpy(name, message->data, message->data_bytes);
	name[message->data_bytes] = '\0';
	return strlen(name) == message->data_bytes;
}

static int64_t command_hello(struct control_message *message)
{
	message->argument[0] = control_level;
	message->argument[1] = control_auth;
	message->argument[2] = time_tsc_hz;
	message->data_bytes = sizeof(RV_VERSION) - 1;
	memcpy(message->data, RV_VERSION, sizeof(RV_VERSION) - 1);
	return 0;
}

static int64_t command_challenge(struct control_message *message, uint64_t space)
{
	int64_t result = control_auth == CONTROL_AUTH_KEY ? control_key_challenge(space, message->data) : -RV_EINVAL;

	message->data_bytes = result == 0 ? VERIFY_NONCE_BYTES : 0;
	return result;
}

static int64_t command_open(struct control_message *message, uint64_t cr3, struct vcpu *vcpu)
{
	uint64_t token = message->argument[0];
	size_t bytes = message->data_bytes;
	int64_t result;

	message->data_bytes = 0;
	result = control_auth == CONTROL_AUTH_KEY ? control_key_check(cr3, message->data, bytes, vcpu) : 0;
	if (result != 0) {
		message->session = 0;
		return result;
	}
	return control_session_open(token, cr3, &message->session);
}

static int64_t command_begin(struct control_message *message)
{
	char name[CONTROL_NAME_BYTES];

	if (!command_name(message, name))
		return -RV_EINVAL;
	message->data_bytes = 0;
	return control_script_begin(message->session, name, message->argument[0], message->argument[1]);
}

static int64_t command_text(struct control_message *message)
{
	size_t bytes = message->data_bytes;

	message->data_bytes = 0;
	return control_script_text(message->session, message->argument[0], message->argument[1], message->data, bytes);
}

static int64_t command_unload(struct control_message *message, struct vcpu *vcpu)
{
	char name[CONTROL_NAME_BYTES];
	struct process *process;
	struct process_facts facts;
	int64_t result = -RV_EBUSY;

	if (message->argument[0] != 0)
		return control_script_unload(message->session, message->argument[0], vcpu);
	if (!command_name(message, name))
		return -RV_EINVAL;
	process = process_find(name);
	if (process == NULL)
		return -RV_ENOENT;
	process_describe(process, &facts);
	if (!facts.lent || facts.phase == PROCESS_PHASE_DENIES)
		result = process_unload(process, vcpu, control_level == CONTROL_POLICY);
	process_put(process);
	if (result == 0)
		log_info("%s: unloaded from the guest", name);
	return result;
}

/* False: a live one that has ended, whose record is kept for a moment only. */
static bool command_fill_entry(struct control_entry *entry, struct process *process)
{
	struct process_facts facts;

	process_describe(process, &facts);
	if (facts.live && facts.phase == PROCESS_PHASE_ENDED)
		return false;
	*entry = (struct control_entry){
		.events = facts.nr_events,
		.errors = facts.nr_errors,
		.cycles = facts.cycles,
		.heap_bytes = facts.heap_bytes,
		.hooks = facts.nr_hooks,
		.phase = facts.phase,
		.flags = (facts.live ? CONTROL_ENTRY_LIVE : 0) | (facts.lent ? CONTROL_ENTRY_LENT : 0) |
			 (facts.policy ? CONTROL_ENTRY_POLICY : 0),
	};
	string_copy(entry->name, facts.name, sizeof(entry->name));
	return true;
}

static int64_t command_list(struct control_message *message)
{
	unsigned position = message->argument[0] < UINT16_MAX ? (unsigned)message->argument[0] : UINT16_MAX;
	struct control_entry *entries = (struct control_entry *)(void *)message->data;
	int64_t count = 0;
	struct process *process;

	while ((size_t)count < sizeof(message->data) / sizeof(*entries) && (process = process_at(&position)) != NULL) {
		count += command_fill_entry(&entries[count], process);
		process_put(process);
	}
	message->argument[0] = position;
	message->data_bytes = (uint32_t)((uint64_t)count * sizeof(*entries));
	return count;
}

/* Of a script that is held. */
static int64_t command_metric(struct control_message *message, struct metrics *metrics)
{
	struct rv_metric_spec *spec = (struct rv_metric_spec *)(void *)message->data;
	struct rv_metric_entry *entries = (struct rv_metric_entry *)(void *)(spec + 1);
	unsigned room = (sizeof(message->data) - sizeof(*spec)) / sizeof(*entries);
	int64_t count = metric_describe(metrics, message->argument[0], spec);

	if (count == 0)
		count = metric_read(metrics, message->argument[0], message->argument[1], entries, room, &message->argument[2]);
	if (count < 0)
		return count;
	for (int64_t i = 0; i < count; i++)
		entries[i].next = 0;
	message->argument[1] += (uint64_t)count;
	message->data_bytes = (uint32_t)(sizeof(*spec) + (uint64_t)count * sizeof(*entries));
	return count;
}

static int64_t command_metrics(struct control_message *message)
{
	char name[CONTROL_NAME_BYTES];
	struct process *process;
	int64_t result;

	if (!command_name(message, name))
		return -RV_EINVAL;
	message->data_bytes = 0;
	process = process_find(name);
	if (process == NULL)
		return -RV_ENOENT;
	result = command_metric(message, process_metrics(process));
	process_put(process);
	return result;
}

static int64_t command_log(struct control_message *message)
{
	message->data_bytes = (uint32_t)log_read(&message->argument[0], (char *)message->data, sizeof(message->data),
						 &message->argument[1]);
	return 0;
}

static int64_t command_log_before(struct control_message *message)
{
	message->data_bytes = (uint32_t)log_read_before(&message->argument[0], (char *)message->data, sizeof(message->data));
	message->argument[1] = 0;
	return 0;
}

static uint64_t command_count_exits(unsigned kind)
{
	uint64_t count = 0;

	for (uint32_t i = 0; i < cpus_count; i++) {
		const struct vcpu *vcpu = cpu_get(i)->vcpu;

		count += vcpu != NULL ? __atomic_load_n(&vcpu->exits_by_kind[kind], __ATOMIC_RELAXED) : 0;
	}
	return count;
}

static int64_t command_statistics(struct control_message *message)
{
	struct control_exits *exits = (struct control_exits *)(void *)message->data;

	_Static_assert(EXIT_KIND_COUNT * sizeof(*exits) <= sizeof(message->data), "all kinds fit");
	message->argument[1] = 0;
	for (unsigned kind = 0; kind < EXIT_KIND_COUNT; kind++) {
		exits[kind] = (struct control_exits){ .count = command_count_exits(kind) };
		string_copy(exits[kind].name, vcpu_exit_name((enum exit_kind)kind), sizeof(exits[kind].name));
		message->argument[1] += exits[kind].count;
	}
	message->argument[0] = memory_pages_free();
	message->argument[2] = tsc_read();
	message->argument[3] = wire_count_losses();
	message->data_bytes = EXIT_KIND_COUNT * sizeof(*exits);
	return EXIT_KIND_COUNT;
}

static int64_t command_vpn(struct control_message *message)
{
	struct tunnel_status status;

	_Static_assert(sizeof(status) <= sizeof(message->data), "it fits");
	message->data_bytes = 0;
	if (!net_service_describe(&status))
		return -RV_ENOENT;
	memcpy(message->data, &status, sizeof(status));
	message->data_bytes = sizeof(status);
	return 0;
}

static int64_t command_close(struct control_message *message, struct vcpu *vcpu)
{
	control_script_forget_all(message->session, vcpu);
	control_record_forget(message->session);
	control_session_close(message->session);
	message->data_bytes = 0;
	return 0;
}

int64_t control_refuse_text(struct control_message *message, const char *why)
{
	message->data_bytes = (uint32_t)strlen(why);
	memcpy(message->data, why, message->data_bytes);
	return -CONTROL_EREFUSED;
}

/* Those that change scripts, recordings, and a tunnel's keys. */
static int64_t command_load(struct control_message *message, struct vcpu *vcpu)
{
	uint64_t handle = message->argument[0];
	int64_t result;

	switch (message->command) {
	case CONTROL_BEGIN:
		return command_begin(message);
	case CONTROL_TEXT:
		return command_text(message);
	case CONTROL_SIGNATURE:
		result = control_script_sign(message->session, handle, message->data, message->data_bytes);
		break;
	case CONTROL_INPUT:
		if (signature_is_required())
			return control_refuse_text(message, "what is typed is not signed (require_signed)");
		result = control_script_input(message->session, handle, message->data, message->data_bytes, vcpu);
		break;
	case CONTROL_UNLOAD:
		result = command_unload(message, vcpu);
		break;
	case CONTROL_START:
		return control_script_start(message->session, message, vcpu);
	case CONTROL_VPN_REKEY:
		result = handle <= UINT32_MAX ? net_service_rekey((uint32_t)handle, vcpu) : -RV_ENOENT;
		break;
	case CONTROL_FORGET:
		result = control_script_forget(message->session, handle, vcpu);
		break;
	case CONTROL_RECORD:
	case CONTROL_RECORD_HOOK:
	case CONTROL_RECORD_FETCH:
	case CONTROL_RECORD_STOP:
		return control_record_perform(message, vcpu);
	case CONTROL_POLL:
		message->data_bytes = 0;
		return control_script_poll(message->session, message, vcpu);
	default:
		result = -RV_EINVAL;
		break;
	}
	message->data_bytes = 0;
	return result;
}

static int64_t command_continue(struct control_message *message)
{
	message->data_bytes = 0;
	if (!control_is_stopped)
		return -RV_ENOENT;
	control_goes_on = true;
	return 0;
}

static int64_t command_dispatch(struct control_message *message, uint64_t space, struct vcpu *vcpu)
{
	if (message->command == CONTROL_HELLO)
		return command_hello(message);
	if (message->command == CONTROL_OPEN)
		return command_open(message, space, vcpu);
	if (message->command == CONTROL_CHALLENGE)
		return command_challenge(message, space);
	if (!control_session_is(message->session, space)) {
		message->data_bytes = 0;
		return -RV_EACCES;
	}
	switch (message->command) {
	case CONTROL_CLOSE:
		return command_close(message, vcpu);
	case CONTROL_LIST:
		return command_list(message);
	case CONTROL_LOG:
		return command_log(message);
	case CONTROL_LOG_BEFORE:
		return command_log_before(message);
	case CONTROL_STATISTICS:
		return command_statistics(message);
	case CONTROL_METRICS:
		return command_metrics(message);
	case CONTROL_VPN:
		return command_vpn(message);
	case CONTROL_CONTINUE:
		return command_continue(message);
	default:
		break;
	}
	if (control_level < CONTROL_LOAD) {
		message->data_bytes = 0;
		return -RV_EACCES;
	}
	return command_load(message, vcpu);
}

int64_t control_perform(struct control_message *message, size_t bytes, uint64_t space, struct vcpu *vcpu)
{
	if (message->version != CONTROL_VERSION || message->reserved != 0 || message->reserved2 != 0 ||
	    message->data_bytes > bytes - CONTROL_HEADER_BYTES) {
		message->data_bytes = 0;
		return -RV_EINVAL;
	}
	return command_dispatch(message, space, vcpu);
}
