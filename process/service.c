/*
 * process/service.c: one question to a program at CPL 3. Whoever has it owns all of it.
 */
#include "process/service.h"

#include "core/instructions.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/paging.h"
#include "core/string.h"
#include "core/time.h"
#include "process/process_live.h"
#include "process/program_file.h"
#include "process/run.h"
#include "process/user_memory.h"
#include "rv/errno.h"

#define SERVICE_STACK_BYTES KIB(16)
#define SERVICE_TALKS_MAXIMUM 256 /* of one question */
#define SERVICE_PAGES 32 /* at most, while the guest lives: stack, tables, what is asked and answered, what it writes */

struct service {
	struct process process;
	const struct service_program *program;
	struct program_file program_file;
	uint64_t slice_us, time_us, used_tsc;
	hpa_t memory; /* lent */
	uint64_t memory_bytes;
	service_talk talk;
	void *context;
	unsigned nr_talks;
	bool is_over, has_answer;
	_Alignas(8) uint8_t answer[SERVICE_ANSWER_BYTES];
};

static bool service_is_range(hpa_t start, uint64_t length_bytes, uint64_t maximum_bytes)
{
	return ((start | length_bytes) & PAGE_MASK) == 0 && length_bytes <= maximum_bytes &&
	       start <= paging_direct_bytes && length_bytes <= paging_direct_bytes - start;
}

static int service_map_ranges(struct service *service, const struct service_question *question)
{
	struct process *process = &service->process;
	uint64_t text_bytes = align_up(question->text_bytes, PAGE_BYTES);
	int error;

	if (question->text_bytes > SERVICE_TEXT_BYTES_MAXIMUM ||
	    !service_is_range(question->text, text_bytes, SERVICE_TEXT_BYTES_MAXIMUM) ||
	    !service_is_range(question->memory, question->memory_bytes, paging_direct_bytes))
		return -RV_EINVAL;
	error = user_map_shared(process, SERVICE_TEXT_ADDRESS, question->text, text_bytes, PAGING_NO_EXECUTE);
	if (error == 0)
		error = user_map_shared(process, SERVICE_MEMORY_ADDRESS, question->memory, question->memory_bytes,
					PAGING_WRITABLE | PAGING_NO_EXECUTE);
	return error;
}

static int service_map_all(struct service *service, const struct service_question *question)
{
	struct process *process = &service->process;
	size_t request_bytes = service->program->request_bytes;
	int error = program_map(process, &service->program_file);

	if (error == 0)
		error = service_map_ranges(service, question);
	if (error == 0)
		error = user_map_new_pages(process, SERVICE_REQUEST_ADDRESS, request_bytes, PAGING_NO_EXECUTE);
	if (error == 0)
		error = user_map_new_pages(process, SERVICE_ANSWER_ADDRESS, service->program->answer_bytes,
					   PAGING_WRITABLE | PAGING_NO_EXECUTE);
	if (error == 0)
		error = user_map_new_pages(process, RV_ENGINE_STACK_TOP - SERVICE_STACK_BYTES, SERVICE_STACK_BYTES,
					   PAGING_WRITABLE | PAGING_NO_EXECUTE);
	if (error == 0)
		user_fill(process, SERVICE_REQUEST_ADDRESS, question->request, request_bytes);
	return error;
}

static void service_prepare(struct service *service, const struct service_question *question)
{
	struct process *process = &service->process;

	print_format(process->name, sizeof(process->name), "%.*s", (int)sizeof(process->name) - 1, question->name);
	process->host_root = paging_host_root;
	process->role = PROCESS_ROLE_SERVICE;
	process->service_work = service->program->work;
	process->service_fate = "that counts as a no";
	process->live = question->live;
	service->slice_us = question->live ? PROCESS_SLICE_US : service->program->slice_us;
	service->time_us = service->program->time_ms != 0 ? service->program->time_ms * 1000
							  : process_options.load_budget_ms * 1000;
	service->memory = question->memory;
	service->memory_bytes = question->memory_bytes;
	service->talk = question->talk;
	service->context = question->context;
	process->sliced = service->slice_us != 0;
	process->state = PROCESS_LOADING;
}

int service_begin(const struct service_program *program, const struct service_question *question,
		  struct service **made)
{
	struct program_file file;
	struct service *service;
	int error;

	if (!process_can_run || program_open(&file, program->image, program->image_end) != 0)
		return -RV_ENOTSUP;
	if (question->live && !process_live_has_pages(SERVICE_PAGES))
		return -RV_ENOMEM;
	service = memory_allocate(sizeof(*service));
	if (service == NULL)
		return -RV_ENOMEM;
	service->program = program;
	service->program_file = file;
	service_prepare(service, question);
	service->process.root = paging_create();
	error = service->process.root == 0 ? -RV_ENOMEM : service_map_all(service, question);
	if (error != 0) {
		service_end(service);
		return error;
	}
	service->process.registers = (struct process_registers){
		.rip = file.elf.entry,
		.rsp = RV_ENGINE_STACK_TOP,
		.rdi = SERVICE_REQUEST_ADDRESS,
	};
	*made = service;
	return 0;
}

static void service_take_answer(struct service *service)
{
	const struct service_program *program = service->program;
	uint8_t *words = service->answer + program->words_offset;

	memcpy(service->answer, user_pointer(&service->process, SERVICE_ANSWER_ADDRESS, false), program->answer_bytes);
	words[program->words_bytes - 1] = '\0';
	for (size_t i = 0; words[i] != '\0'; i++) {
		if (words[i] < ' ' || words[i] > '~')
			words[i] = '?';
	}
	service->has_answer = true;
}

/* It waits for an answer: false: there is nobody to ask, or what it asks cannot be. The command is copied before anybody
 * looks at it. */
static bool service_exchange(struct service *service)
{
	struct service_exchange *shared = user_pointer(&service->process, SERVICE_EXCHANGE_ADDRESS, true), ours = { 0 };
	size_t answer_bytes = sizeof(ours.answer);

	if (service->talk == NULL || shared == NULL || service->nr_talks++ == SERVICE_TALKS_MAXIMUM)
		return false;
	ours.command_bytes = shared->command_bytes;
	if (ours.command_bytes > sizeof(ours.command))
		return false;
	memcpy(ours.command, shared->command, ours.command_bytes);
	if (!service->talk(service->context, ours.command, ours.command_bytes, ours.answer, &answer_bytes))
		answer_bytes = 0;
	memcpy(shared->answer, ours.answer, sizeof(shared->answer));
	shared->answer_bytes = (uint32_t)answer_bytes;
	if (service->program->secret)
		memory_wipe(&ours, sizeof(ours));
	return true;
}

bool service_run(struct service *service, struct vcpu *vcpu)
{
	struct process *process = &service->process;
	uint64_t budget_us = process->sliced ? service->slice_us * BUDGET_SLICES : service->time_us;
	uint64_t start = tsc_read();
	enum process_stop stop;

	if (service->is_over)
		return true;
	stop = process_run(process, vcpu, budget_us, budget_ticks(budget_us));
	if (service->program->secret)
		process_wipe_stack();
	service->used_tsc += tsc_read() - start;
	if (stop == PROCESS_STOP_SUSPENDED && service->used_tsc < time_tsc_of_us(service->time_us))
		return false;
	if (stop == PROCESS_STOP_EVENT && service->used_tsc < time_tsc_of_us(service->time_us) && service_exchange(service))
		return false;
	service->is_over = true;
	if (stop == PROCESS_STOP_EXIT && process->exit_status == 0)
		service_take_answer(service);
	return true;
}

const void *service_answer(const struct service *service)
{
	return service->is_over && service->has_answer ? service->answer : NULL;
}

bool service_is_late(const struct service *service)
{
	return service->used_tsc >= time_tsc_of_us(service->time_us);
}

/* Of all that it could write, and what it was asked. */
static void service_wipe(struct service *service)
{
	struct process *process = &service->process;

	program_wipe(process, &service->program_file);
	user_wipe(process, SERVICE_REQUEST_ADDRESS, service->program->request_bytes);
	user_wipe(process, SERVICE_ANSWER_ADDRESS, service->program->answer_bytes);
	user_wipe(process, RV_ENGINE_STACK_TOP - RV_ENGINE_STACK_BYTES, RV_ENGINE_STACK_BYTES);
	memory_wipe(memory_direct(service->memory), service->memory_bytes);
}

void service_end(struct service *service)
{
	struct process *process;

	if (service == NULL)
		return;
	process = &service->process;
	if (process->root != 0) {
		if (service->program->secret)
			service_wipe(service);
		program_unmap(process, &service->program_file);
		user_unmap(process, SERVICE_REQUEST_ADDRESS, align_up(service->program->request_bytes, PAGE_BYTES));
		user_unmap(process, SERVICE_ANSWER_ADDRESS, align_up(service->program->answer_bytes, PAGE_BYTES));
		user_unmap(process, RV_ENGINE_STACK_TOP - RV_ENGINE_STACK_BYTES, RV_ENGINE_STACK_BYTES);
		paging_destroy(process->root);
	}
	memory_wipe(service, sizeof(*service));
	memory_free(service);
}
