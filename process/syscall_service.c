/*
 * process/syscall_service.c: what scripts ask of services (process/resident.h).
 */
#include "core/memory.h"
#include "core/string.h"
#include "process/resident.h"
#include "process/syscall.h"
#include "process/user_memory.h"
#include "rv/errno.h"
#include "rv/service.h"

_Static_assert(RV_SERVICE_BYTES <= PAGE_BYTES, "what passes by does so on a page");

/* (position, struct rv_service_info *) */
int64_t syscall_service(struct process *process, struct exception_frame *frame)
{
	struct rv_service_info info = { 0 };
	struct resident_facts facts;

	if (frame->rdi >= RESIDENTS_MAXIMUM || !resident_describe((unsigned)frame->rdi, &facts))
		return -RV_ENOENT;
	string_copy(info.name, facts.name, sizeof(info.name));
	info.flags = (facts.runs ? RV_SERVICE_RUNS : 0) | (facts.script_writes >= 0 ? RV_SERVICE_TAKES : 0) |
		     (facts.script_reads >= 0 ? RV_SERVICE_GIVES : 0);
	info.starts = facts.starts;
	info.turns = facts.turns;
	info.moves = facts.moves;
	info.stops = facts.stops;
	info.cycles = facts.cycles;
	info.memory_bytes = facts.memory_bytes;
	return user_copy_out(process, frame->rsi, &info, sizeof(info));
}

/* (position, tag, buffer, bytes) */
int64_t syscall_service_write(struct process *process, struct exception_frame *frame)
{
	uint64_t length_bytes = frame->r10;
	struct resident_facts facts;
	int64_t result;
	void *page;

	if (frame->rdi >= RESIDENTS_MAXIMUM || !resident_describe((unsigned)frame->rdi, &facts))
		return -RV_ENOENT;
	if (facts.script_writes < 0)
		return -RV_ENOTSUP;
	if (frame->rsi > UINT32_MAX)
		return -RV_EINVAL;
	if (length_bytes > RV_SERVICE_BYTES)
		return -RV_E2BIG;
	page = memory_allocate_spare_page();
	if (page == NULL)
		return -RV_ENOMEM;
	result = user_copy_in(process, page, frame->rdx, length_bytes);
	if (result == 0)
		result = resident_write(facts.resident, (unsigned)facts.script_writes, (uint32_t)frame->rsi, page,
					(uint32_t)length_bytes);
	memory_free_page(page);
	return result;
}

static int64_t syscall_take_record(struct process *process, const struct exception_frame *frame,
				   const struct resident_facts *facts, void *page)
{
	uint32_t tag, room = frame->rdx < RV_SERVICE_BYTES ? (uint32_t)frame->rdx : RV_SERVICE_BYTES;
	int64_t length;

	/* What is taken must not be lost on the way. */
	if (!user_check(process, frame->rsi, room, true) || !user_check(process, frame->r10, sizeof(tag), true))
		return -RV_EFAULT;
	length = resident_read(facts->resident, (unsigned)facts->script_reads, &tag, page, room);
	if (length >= 0) {
		(void)user_copy_out(process, frame->rsi, page, (size_t)length);
		(void)user_copy_out(process, frame->r10, &tag, sizeof(tag));
	}
	return length;
}

/* (position, buffer, room in bytes, uint32_t *tag) */
int64_t syscall_service_read(struct process *process, struct exception_frame *frame)
{
	struct resident_facts facts;
	int64_t result;
	void *page;

	if (frame->rdi >= RESIDENTS_MAXIMUM || !resident_describe((unsigned)frame->rdi, &facts))
		return -RV_ENOENT;
	if (facts.script_reads < 0)
		return -RV_ENOTSUP;
	page = memory_allocate_spare_page();
	if (page == NULL)
		return -RV_ENOMEM;
	result = syscall_take_record(process, frame, &facts, page);
	memory_free_page(page);
	return result;
}
