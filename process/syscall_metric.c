/*
 * process/syscall_metric.c: the metrics of an engine: their memory, which counts as its heap, and system calls about them.
 */
#include "core/memory.h"
#include "process/process_live.h"
#include "process/syscall.h"
#include "process/user_memory.h"
#include "rv/errno.h"

static struct process *metrics_process(struct metrics *metrics)
{
	return CONTAINER_OF(metrics, struct process, metrics);
}

static void *metrics_take_page(struct metrics *metrics)
{
	struct process *process = metrics_process(metrics);
	void *page;

	if (process->heap_quota_bytes - process->heap_bytes < process->metric_bytes + PAGE_BYTES)
		return NULL;
	page = process->live && !process_live_has_pages(1) ? NULL : memory_allocate_spare_page();
	if (page != NULL)
		process->metric_bytes += PAGE_BYTES;
	return page;
}

static void metrics_give_page(struct metrics *metrics, void *page)
{
	metrics_process(metrics)->metric_bytes -= PAGE_BYTES;
	memory_free_page(page);
}

struct metrics *process_metrics(struct process *process)
{
	return &process->metrics;
}

void process_metrics_begin(struct process *process)
{
	process->metrics.take_page = metrics_take_page;
	process->owner.metrics = &process->metrics;
}

void process_metrics_end(struct process *process)
{
	metric_end(&process->metrics, metrics_give_page);
}

/* (struct rv_metric_spec *) */
int64_t syscall_metric(struct process *process, struct exception_frame *frame)
{
	struct rv_metric_spec spec;

	if (user_copy_in(process, &spec, frame->rdi, sizeof(spec)) != 0)
		return -RV_EFAULT;
	return metric_create(&process->metrics, &spec);
}

/* (metric, struct rv_metric_key *, value) */
int64_t syscall_metric_add(struct process *process, struct exception_frame *frame)
{
	struct rv_metric_key key;

	if (user_copy_in(process, &key, frame->rsi, sizeof(key)) != 0)
		return -RV_EFAULT;
	return metric_add(&process->metrics, frame->rdi, &key, frame->rdx);
}

/* (metric, position, struct rv_metric_facts *) */
int64_t syscall_metric_next(struct process *process, struct exception_frame *frame)
{
	struct rv_metric_facts facts = { .lost = 0 };
	int count = metric_read(&process->metrics, frame->rdi, frame->rsi, &facts.entry, 1, &facts.lost);

	if (count < 0)
		return count;
	facts.entry.next = 0;
	if (user_copy_out(process, frame->rdx, &facts, sizeof(facts)) != 0)
		return -RV_EFAULT;
	return count == 0 ? -RV_ENOENT : (int64_t)frame->rsi + 1;
}

/* (metric) */
int64_t syscall_metric_clear(struct process *process, struct exception_frame *frame)
{
	return metric_clear(&process->metrics, frame->rdi);
}
