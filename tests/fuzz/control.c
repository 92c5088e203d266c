/*
 * tests/fuzz/control.c: any messages of two address spaces to control/, over fakes of the engines, with time that
 * jumps. Nothing may be left when all leases are over: no page, no output, no script that was lent.
 */
#include "control/control_internal.h"
#include "control/wire_internal.h"

#include "core/cpu.h"
#include "core/entropy.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/spinlock.h"
#include "core/time.h"
#include "hook/metric.h"
#include "input.h"
#include "process/net_service.h"
#include "process/process_live.h"
#include "process/process_output.h"
#include "process/signature.h"
#include "rv/errno.h"
#include "vmm/deadline.h"
#include "vmm/vcpu.h"

#define PROCESSES 4
#define MESSAGES_MAXIMUM 200
#define NAME_BYTES 64
/* No lease ends by itself; and all do. */
#define SLOW_HZ UINT64_C(1000000000000)

enum control_level control_level;
enum control_auth control_auth;
uint64_t time_tsc_hz = SLOW_HZ;
struct cpu fake_cpu;
uint32_t cpus_count = 1;
static struct vcpu vcpu;

struct process {
	char name[NAME_BYTES];
	enum process_phase phase;
	unsigned slices;
	void *pages;
	bool lent, policy, taken, released;
	struct process_output *output;
};

/* A check of a signature, which takes some slices. */
struct service {
	unsigned slices;
	const void *text;
	uint64_t sum; /* of the text, which must stay */
	size_t text_bytes;
	bool good;
};

static bool signatures_are_required;
static unsigned nr_services;
static uint64_t last_admitted; /* its text's sum, and 1; 0: none */
static struct process processes[PROCESSES];
static unsigned nr_pages, nr_outputs;
static struct deadline *deadlines;
uint64_t deadline_next_tsc;

struct cpu *cpu_get(uint32_t index)
{
	(void)index;
	return &fake_cpu;
}

void log_line(enum log_level level, const char *format, ...)
{
	(void)level;
	(void)format;
}

size_t log_read(uint64_t *position, char *buffer, size_t buffer_bytes, uint64_t *lost)
{
	memset(buffer, 'l', buffer_bytes);
	*position += buffer_bytes;
	*lost = 0;
	return buffer_bytes;
}

size_t log_read_before(uint64_t *position, char *buffer, size_t buffer_bytes)
{
	memset(buffer, 'b', buffer_bytes);
	*position += buffer_bytes;
	return buffer_bytes;
}

uint64_t wire_count_losses(void)
{
	return 0;
}

bool entropy_draw(uint64_t *value)
{
	static uint64_t last;

	*value = last += UINT64_C(0x9e3779b97f4a7c15);
	return true;
}

bool net_service_describe(struct tunnel_status *status)
{
	memset(status, 0, sizeof(*status));
	return true;
}

int net_service_rekey(uint32_t peer, struct vcpu *of)
{
	(void)of;
	return peer == 0 || peer == TUNNEL_ALL_PEERS ? 0 : -RV_ENOENT;
}

const char *vcpu_exit_name(enum exit_kind kind)
{
	FUZZ_MUST(kind < EXIT_KIND_COUNT);
	return "an exit with a name that is too long";
}

uint64_t memory_pages_free(void)
{
	return 1000;
}

void spinlock_acquire(struct spinlock *lock)
{
	FUZZ_MUST(lock->holder == 0);
	lock->holder = 1;
}

void spinlock_release(struct spinlock *lock)
{
	FUZZ_MUST(lock->holder == 1);
	lock->holder = 0;
}

bool deadline_cancel(struct deadline *deadline)
{
	struct deadline **link = &deadlines;

	while (*link != NULL && *link != deadline)
		link = &(*link)->next;
	if (*link == NULL)
		return false;
	*link = deadline->next;
	return true;
}

void deadline_set(struct deadline *deadline, uint64_t tsc)
{
	(void)deadline_cancel(deadline);
	deadline->tsc = tsc;
	deadline->next = deadlines;
	deadlines = deadline;
}

/* So much later that all that waits is due. */
static void jump(void)
{
	time_tsc_hz = 0;
	for (unsigned i = 0; i < 1000 && deadlines != NULL; i++) {
		struct deadline *deadline = deadlines;

		deadlines = deadline->next;
		deadline->expire(deadline, &vcpu);
	}
	time_tsc_hz = SLOW_HZ;
}

/* Engines ------------------------------------------------------------------------------------ */

void *process_live_allocate_pages(size_t count)
{
	FUZZ_MUST(count != 0 && count <= CONTROL_SCRIPT_BYTES_MAXIMUM / PAGE_BYTES + 1);
	nr_pages += (unsigned)count;
	return calloc(count, PAGE_BYTES);
}

void *memory_allocate(size_t length_bytes)
{
	return calloc(1, length_bytes);
}

void memory_free(void *object)
{
	free(object);
}

void memory_free_pages(void *pages, size_t count)
{
	nr_pages -= (unsigned)count;
	free(pages);
}

struct process_output *process_output_create(void)
{
	nr_outputs++;
	return calloc(1, sizeof(struct process_output));
}

void process_output_free(struct process_output *output)
{
	nr_outputs -= output != NULL;
	free(output);
}

size_t process_output_read(struct process_output *output, uint64_t *position, void *buffer, size_t buffer_bytes,
			   uint64_t *lost)
{
	size_t bytes = (size_t)(*position % (buffer_bytes + 1));

	memset(buffer, 'o', bytes);
	*position = ++output->end;
	*lost = 0;
	return bytes;
}

static uint64_t sum_of(const void *text, size_t bytes)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < bytes; i++)
		sum = sum * 31 + ((const uint8_t *)text)[i];
	return sum;
}

/* A script has two metrics, of as many values as there is room for. */
struct metrics *process_metrics(struct process *process)
{
	FUZZ_MUST(process->taken);
	return NULL;
}

int metric_describe(struct metrics *metrics, uint64_t number, struct rv_metric_spec *spec)
{
	FUZZ_MUST(metrics == NULL);
	memset(spec, 'm', sizeof(*spec));
	return number < 2 ? 0 : -RV_ENOENT;
}

int metric_read(struct metrics *metrics, uint64_t number, uint64_t position, struct rv_metric_entry *entries, unsigned room,
		uint64_t *lost)
{
	FUZZ_MUST(metrics == NULL && number < 2);
	memset(entries, 'm', room * sizeof(*entries));
	*lost = position;
	return (int)room;
}

/* Recording is not for this program. */
int64_t control_record_perform(struct control_message *message, struct vcpu *on)
{
	(void)message;
	(void)on;
	return -RV_ENOTSUP;
}

void control_record_forget(uint64_t session)
{
	(void)session;
}

bool signature_is_required(void)
{
	return signatures_are_required;
}

int verify_begin(const struct verify_request *request, const void *text, bool live, struct service **made)
{
	FUZZ_MUST(live && request->signature_bytes <= sizeof(request->signature));
	*made = calloc(1, sizeof(**made));
	(*made)->slices = request->signature[0] % 4;
	(*made)->good = request->signature[1] % 2;
	(*made)->text = text;
	(*made)->text_bytes = request->text_bytes;
	(*made)->sum = sum_of(text, request->text_bytes);
	nr_services++;
	return 0;
}

int signature_ask(const struct signature_question *question, bool live, struct service **service)
{
	struct verify_request request = { .signature_bytes = (uint32_t)question->signature_bytes,
					  .text_bytes = question->text_bytes };

	if (question->signature_bytes != 0)
		memcpy(request.signature, question->signature, question->signature_bytes);
	return verify_begin(&request, question->text, live, service);
}

bool service_run(struct service *service, struct vcpu *on)
{
	(void)on;
	FUZZ_MUST(sum_of(service->text, service->text_bytes) == service->sum);
	return service->slices == 0 || service->slices-- == 0;
}

bool verify_is_good(const struct service *service, uint64_t *serial)
{
	*serial = 0;
	return service->slices == 0 && service->good;
}

const char *verify_why(const struct service *service)
{
	(void)service;
	return "why";
}

bool signature_admit(const char *name, const struct service *service, char *why, size_t why_bytes)
{
	(void)name;
	strncpy(why, "why", why_bytes);
	FUZZ_MUST(sum_of(service->text, service->text_bytes) == service->sum);
	last_admitted = service->good ? service->sum + 1 : 0;
	return service->good;
}

void service_end(struct service *service)
{
	nr_services -= service != NULL;
	free(service);
}

int process_live_create(const struct process_live_request *request, struct process **process)
{
	for (unsigned i = 0; i < PROCESSES; i++) {
		struct process *new = &processes[i];

		if (new->taken)
			continue;
		FUZZ_MUST(request->nr_pages * PAGE_BYTES > request->length_bytes);
		FUZZ_MUST(((const char *)request->pages)[request->length_bytes] == '\0');
		/* In the call that admits it, or in a later one, when others may have been. */
		FUZZ_MUST(!signatures_are_required || last_admitted != 0);
		*new = (struct process){ .taken = true, .lent = request->lent, .output = request->output };
		strcpy(new->name, request->name);
		new->slices = (unsigned)request->length_bytes % 5;
		new->pages = request->pages;
		new->policy = request->length_bytes % 7 == 6;
		nr_pages -= (unsigned)request->nr_pages;
		*process = new;
		return 0;
	}
	return -RV_ENOSPC;
}

static void process_end(struct process *process)
{
	free(process->pages);
	process->pages = NULL;
	process->phase = PROCESS_PHASE_ENDED;
}

enum process_phase process_live_run(struct process *process, struct vcpu *on)
{
	(void)on;
	FUZZ_MUST(process->phase == PROCESS_PHASE_LOADING && process->taken);
	if (process->slices-- == 0)
		process->phase = PROCESS_PHASE_LIVE;
	return process->phase;
}

enum process_phase process_phase(struct process *process)
{
	FUZZ_MUST(process->taken && !process->released);
	return process->phase;
}

uint64_t process_exit_status(const struct process *process)
{
	FUZZ_MUST(process->taken);
	return 0;
}

int process_unload(struct process *process, struct vcpu *on, bool policies)
{
	(void)on;
	FUZZ_MUST(process->taken);
	if (process->policy && !policies)
		return -RV_EPERM;
	process_end(process);
	return 0;
}

int process_live_input(struct process *process, const void *text, size_t length_bytes, struct vcpu *on)
{
	(void)text;
	(void)on;
	FUZZ_MUST(process->taken && process->phase == PROCESS_PHASE_LIVE && length_bytes <= CONTROL_DATA_BYTES);
	return length_bytes % 3 == 0 ? -RV_EINVAL : length_bytes % 3 == 1 ? -RV_ECANCELED : 0;
}

bool process_live_has_swapped(const struct process *process)
{
	FUZZ_MUST(process->taken);
	return false;
}

bool process_live_detach(struct process *process)
{
	process->output = NULL;
	return true;
}

static void process_reap(struct process *process)
{
	if (process->released && process->phase == PROCESS_PHASE_ENDED)
		process->taken = false;
}

void process_live_release(struct process *process)
{
	FUZZ_MUST(process->output == NULL);
	process->released = true;
	process_reap(process);
}

struct process *process_at(unsigned *position)
{
	while (*position < PROCESSES) {
		if (processes[(*position)++].taken)
			return &processes[*position - 1];
	}
	return NULL;
}

struct process *process_find(const char *name)
{
	for (unsigned i = 0; i < PROCESSES; i++) {
		if (processes[i].taken && strcmp(processes[i].name, name) == 0)
			return &processes[i];
	}
	return NULL;
}

void process_put(struct process *process)
{
	process_reap(process);
}

void process_describe(struct process *process, struct process_facts *facts)
{
	*facts = (struct process_facts){ .name = process->name, .phase = process->phase, .live = true,
					 .lent = process->lent, .policy = process->policy };
}

/* Messages ----------------------------------------------------------------------------------- */

static uint64_t last_session, last_handle;

static uint64_t take_argument(struct input *input)
{
	switch (input_number(input, 1) % 4) {
	case 0:
		return last_handle;
	case 1:
		return input_number(input, 1);
	case 2:
		return input_number(input, 3);
	default:
		return input_number(input, 8);
	}
}

static void send(struct input *input, struct control_message *message)
{
	uint64_t cr3 = input_number(input, 1) % 8 == 0 ? 0x2000 : 0x1000;
	int64_t result;

	memset(message, 0, sizeof(*message));
	message->version = CONTROL_VERSION;
	message->command = (uint32_t)input_number(input, 1) % (CONTROL_COMMAND_COUNT + 1);
	message->session = input_number(input, 1) % 16 == 0 ? input_number(input, 8) : last_session;
	for (unsigned i = 0; i < CONTROL_ARGUMENTS; i++)
		message->argument[i] = take_argument(input);
	message->data_bytes = (uint32_t)input_number(input, 2) % (CONTROL_DATA_BYTES + 1);
	if (message->command == CONTROL_OPEN && control_auth == CONTROL_AUTH_KEY)
		message->data_bytes = VERIFY_PROOF_BYTES;
	input_take(input, message->data, message->data_bytes < 32 ? message->data_bytes : 32);
	if (message->command == CONTROL_OPEN && message->argument[0] % 2 != 0)
		message->argument[0] = control_token_make();
	result = control_perform(message, sizeof(*message), cr3, &vcpu);
	FUZZ_MUST(result >= -CONTROL_EREFUSED && message->data_bytes <= CONTROL_DATA_BYTES);
	if (message->command == CONTROL_OPEN && result == 0)
		last_session = message->session;
	if (message->command == CONTROL_BEGIN && result > 0)
		last_handle = (uint64_t)result;
	if (control_level < CONTROL_LOAD)
		FUZZ_MUST(nr_pages == 0);
}

/* All that is lent goes when nobody asks any more; what was loaded is taken away here. */
static void finish(void)
{
	jump();
	for (unsigned i = 0; i < PROCESSES; i++) {
		if (!processes[i].taken)
			continue;
		FUZZ_MUST(!processes[i].lent && processes[i].released && processes[i].phase == PROCESS_PHASE_LIVE);
		process_end(&processes[i]);
		process_reap(&processes[i]);
	}
	/* What is being checked goes when the address space asks again. */
	(void)control_key_challenge(0x1000, (uint8_t[VERIFY_NONCE_BYTES]){ 0 });
	(void)control_key_challenge(0x2000, (uint8_t[VERIFY_NONCE_BYTES]){ 0 });
	FUZZ_MUST(nr_pages == 0 && nr_outputs == 0 && nr_services == 0 && deadlines == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length_bytes)
{
	static struct control_message message;
	struct input input = { data, length_bytes };
	uint64_t flags = input_number(&input, 1);

	control_level = flags & 3 ? CONTROL_LOAD : CONTROL_READ;
	control_auth = flags & 4 ? CONTROL_AUTH_ROOT : flags & 8 ? CONTROL_AUTH_KEY : CONTROL_AUTH_OPEN;
	signatures_are_required = flags & 16;
	last_admitted = 0;
	fake_cpu.vcpu = &vcpu;
	(void)control_session_open(control_token_make(), 0x1000, &last_session);
	for (unsigned i = 0; i < MESSAGES_MAXIMUM && input.left != 0; i++) {
		if (input_number(&input, 1) % 32 == 31)
			jump();
		else
			send(&input, &message);
	}
	finish();
	control_session_close(last_session);
	return 0;
}
