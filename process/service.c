/*
 * process/service.c: one question to the program that checks signatures. Whoever has it owns all of it.
 */
#include "process/service.h"

#include "core/instructions.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/paging.h"
#include "core/string.h"
#include "core/time.h"
#include "process/elf.h"
#include "process/process_live.h"
#include "process/run.h"
#include "process/user_memory.h"
#include "rv/errno.h"

#define SERVICE_STACK_BYTES KIB(16)
#define SERVICE_PAGES 32 /* at most: stack, tables, what is asked and answered, what it writes */

struct service {
	struct process process;
	struct elf_program program;
	uint64_t used_tsc;
	bool is_over;
	struct verify_answer answer; /* a copy; all zero: there is none */
};

/* service_image.S */
extern const uint8_t service_program[], service_program_end[];

static uint64_t service_rights(const struct elf_segment *segment)
{
	return (segment->writable ? PAGING_WRITABLE : 0) | (segment->executable ? 0 : PAGING_NO_EXECUTE);
}

static hpa_t service_image_physical(const void *image)
{
	return memory_reserved_start + ((uint64_t)image - HYPERVISOR_ADDRESS);
}

/* What is only read is where the image has it, what is written is a copy. */
static int service_map_segment(struct process *process, const struct elf_segment *segment)
{
	const uint8_t *from = service_program + segment->file_offset;
	int error;

	if (!segment->writable)
		return segment->file_bytes < segment->memory_bytes || ((uint64_t)from & PAGE_MASK) != 0 ||
				       (segment->address & PAGE_MASK) != 0
			       ? -RV_ENOTSUP
			       : user_map_shared(process, segment->address, service_image_physical(from),
						 segment->file_bytes, service_rights(segment));
	error = user_map_new_pages(process, segment->address, segment->memory_bytes, service_rights(segment));
	if (error == 0)
		user_fill(process, segment->address, from, segment->file_bytes);
	return error;
}

static int service_map_program(struct process *process, const struct elf_program *program)
{
	int error = 0;

	for (unsigned i = 0; i < program->nr_segments && error == 0; i++)
		error = service_map_segment(process, &program->segments[i]);
	return error;
}

static int service_map_all(struct service *service, const struct verify_request *request, const void *text)
{
	struct process *process = &service->process;
	int error = service_map_program(process, &service->program);

	if (error == 0)
		error = user_map_shared(process, VERIFY_TEXT_ADDRESS, memory_physical(text), request->text_bytes,
					PAGING_NO_EXECUTE);
	if (error == 0)
		error = user_map_new_pages(process, VERIFY_REQUEST_ADDRESS, sizeof(*request), PAGING_NO_EXECUTE);
	if (error == 0)
		error = user_map_new_pages(process, VERIFY_ANSWER_ADDRESS, sizeof(struct verify_answer),
					   PAGING_WRITABLE | PAGING_NO_EXECUTE);
	if (error == 0)
		error = user_map_new_pages(process, RV_ENGINE_STACK_TOP - SERVICE_STACK_BYTES, SERVICE_STACK_BYTES,
					   PAGING_WRITABLE | PAGING_NO_EXECUTE);
	if (error == 0)
		user_fill(process, VERIFY_REQUEST_ADDRESS, request, sizeof(*request));
	return error;
}

static void service_prepare(struct process *process, const struct verify_request *request, bool live)
{
	print_format(process->name, sizeof(process->name), "%.*s", (int)sizeof(request->name) - 1, request->name);
	process->host_root = paging_host_root;
	process->role = PROCESS_ROLE_SERVICE;
	process->live = process->sliced = live;
	process->state = PROCESS_LOADING;
}

int service_begin(const struct verify_request *request, const void *text, bool live, struct service **made)
{
	struct elf_program program;
	struct service *service;
	const char *why;
	int error;

	if (!process_is_ready)
		return -RV_ENOTSUP;
	if (elf_parse(service_program, (size_t)(service_program_end - service_program), RV_ENGINE_IMAGE_ADDRESS,
		      RV_ENGINE_INFO_ADDRESS, &program, &why) != 0)
		return -RV_ENOTSUP;
	if (live && !process_live_has_pages(SERVICE_PAGES))
		return -RV_ENOMEM;
	service = memory_allocate(sizeof(*service));
	if (service == NULL)
		return -RV_ENOMEM;
	service_prepare(&service->process, request, live);
	service->program = program;
	service->process.root = paging_create();
	error = service->process.root == 0 ? -RV_ENOMEM : service_map_all(service, request, text);
	if (error != 0) {
		service_end(service);
		return error;
	}
	service->process.registers = (struct process_registers){
		.rip = program.entry,
		.rsp = RV_ENGINE_STACK_TOP,
		.rdi = VERIFY_REQUEST_ADDRESS,
	};
	*made = service;
	return 0;
}

/* Its words reach the log and terminals. */
static void service_take_answer(struct service *service)
{
	struct verify_answer *answer = &service->answer;

	memcpy(answer, user_pointer(&service->process, VERIFY_ANSWER_ADDRESS, false), sizeof(*answer));
	answer->why[sizeof(answer->why) - 1] = '\0';
	for (size_t i = 0; answer->why[i] != '\0'; i++) {
		if (answer->why[i] < ' ' || answer->why[i] > '~')
			answer->why[i] = '?';
	}
}

bool service_run(struct service *service, struct vcpu *vcpu)
{
	struct process *process = &service->process;
	uint64_t budget_us = process->sliced ? PROCESS_SLICE_US * BUDGET_SLICES : process_options.load_budget_ms * 1000;
	uint64_t start = tsc_read();
	enum process_stop stop;

	if (service->is_over)
		return true;
	stop = process_run(process, vcpu, budget_us, budget_ticks(budget_us));
	service->used_tsc += tsc_read() - start;
	if (stop == PROCESS_STOP_SUSPENDED && service->used_tsc < time_tsc_of_us(process_options.load_budget_ms * 1000))
		return false;
	service->is_over = true;
	if (stop == PROCESS_STOP_EXIT && process->exit_status == 0)
		service_take_answer(service);
	return true;
}

bool service_is_good(const struct service *service, uint64_t *serial)
{
	*serial = service->answer.serial;
	return service->is_over && service->answer.verdict == VERIFY_GOOD;
}

const char *service_why(const struct service *service)
{
	return service->answer.why[0] != '\0' ? service->answer.why : "the check of its signature did not end well";
}

static void service_unmap_program(struct service *service)
{
	for (unsigned i = 0; i < service->program.nr_segments; i++) {
		const struct elf_segment *segment = &service->program.segments[i];
		uint64_t start = align_down(segment->address, PAGE_BYTES);

		if (segment->writable)
			user_unmap(&service->process, start, segment->address + segment->memory_bytes - start);
	}
}

void service_end(struct service *service)
{
	struct process *process;

	if (service == NULL)
		return;
	process = &service->process;
	if (process->root != 0) {
		service_unmap_program(service);
		user_unmap(process, VERIFY_REQUEST_ADDRESS, PAGE_BYTES);
		user_unmap(process, VERIFY_ANSWER_ADDRESS, PAGE_BYTES);
		user_unmap(process, RV_ENGINE_STACK_TOP - RV_ENGINE_STACK_BYTES, RV_ENGINE_STACK_BYTES);
		paging_destroy(process->root);
	}
	memory_free(service);
}
