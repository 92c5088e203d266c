/*
 * process/process_output.c: rings of output, of pages that need not lie together.
 */
#include "process/process_output.h"

#include <stdarg.h>

#include "core/cpu.h"
#include "core/instructions.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/string.h"
#include "process/process_internal.h"

#define OUTPUT_BYTES (PROCESS_OUTPUT_PAGES * PAGE_BYTES)

void process_output_free(struct process_output *output)
{
	if (output == NULL)
		return;
	for (unsigned i = 0; i < PROCESS_OUTPUT_PAGES && output->pages[i] != NULL; i++)
		memory_free_page(output->pages[i]);
	memory_free(output);
}

struct process_output *process_output_create(void)
{
	struct process_output *output = memory_allocate(sizeof(*output));

	if (output == NULL)
		return NULL;
	for (unsigned i = 0; i < PROCESS_OUTPUT_PAGES; i++) {
		output->pages[i] = process_live_has_pages(1) ? memory_allocate_spare_page() : NULL;
		if (output->pages[i] == NULL) {
			process_output_free(output);
			return NULL;
		}
	}
	return output;
}

/* The part of a transfer that lies on one page. */
static size_t output_chunk(uint64_t at, size_t length_bytes)
{
	uint64_t rest = PAGE_BYTES - (at & PAGE_MASK);

	return length_bytes < rest ? length_bytes : (size_t)rest;
}

static uint8_t *output_byte(const struct process_output *output, uint64_t at)
{
	return output->pages[at / PAGE_BYTES % PROCESS_OUTPUT_PAGES] + (at & PAGE_MASK);
}

static void output_put(struct process_output *output, const void *from, size_t length_bytes)
{
	const uint8_t *at = from;

	while (length_bytes != 0) {
		size_t chunk = output_chunk(output->end, length_bytes);

		memcpy(output_byte(output, output->end), at, chunk);
		output->end += chunk;
		at += chunk;
		length_bytes -= chunk;
	}
}

static void output_get(const struct process_output *output, uint64_t at, void *to, size_t length_bytes)
{
	uint8_t *next = to;

	while (length_bytes != 0) {
		size_t chunk = output_chunk(at, length_bytes);

		memcpy(next, output_byte(output, at), chunk);
		at += chunk;
		next += chunk;
		length_bytes -= chunk;
	}
}

static void output_write_one(struct process_output *output, unsigned level, const char *text,
			     size_t length_bytes)
{
	struct process_record record = {
		.tsc = tsc_read(),
		.length_bytes = (uint16_t)length_bytes,
		.level = (uint8_t)level,
		.cpu = (uint8_t)cpu_current()->index,
	};

	spinlock_acquire(&output->lock);
	record.sequence = ++output->sequence;
	if (sizeof(record) + length_bytes <= OUTPUT_BYTES - (output->end - output->begin)) {
		output_put(output, &record, sizeof(record));
		output_put(output, text, length_bytes);
	} else {
		output->lost++;
	}
	spinlock_release(&output->lock);
}

void process_output_write(struct process_output *output, unsigned level, const char *text, size_t length_bytes)
{
	while (length_bytes != 0) {
		size_t piece = length_bytes < PROCESS_RECORD_BYTES ? length_bytes : PROCESS_RECORD_BYTES;

		output_write_one(output, level, text, piece);
		text += piece;
		length_bytes -= piece;
	}
}

/* How many bytes of whole records there are from `at` on that fit. */
static size_t output_measure(const struct process_output *output, uint64_t at, size_t room)
{
	struct process_record record;
	size_t total = 0;

	while (at < output->end) {
		output_get(output, at, &record, sizeof(record));
		if (sizeof(record) + record.length_bytes > room - total)
			break;
		total += sizeof(record) + record.length_bytes;
		at += sizeof(record) + record.length_bytes;
	}
	return total;
}

size_t process_output_read(struct process_output *output, uint64_t *position, void *buffer, size_t buffer_bytes,
			   uint64_t *lost)
{
	size_t taken;

	spinlock_acquire(&output->lock);
	/* Within what there is a reader knows the ends of records only if it was told them. */
	if (*position == output->told)
		output->begin = output->told;
	taken = output_measure(output, output->begin, buffer_bytes);
	output_get(output, output->begin, buffer, taken);
	output->told = *position = output->begin + taken;
	*lost = output->lost;
	spinlock_release(&output->lock);
	return taken;
}

void process_tell(struct process *process, const char *format, ...)
{
	char text[400];
	va_list arguments;
	int length;

	va_start(arguments, format);
	log_line_list(LOG_ERROR, format, arguments);
	va_end(arguments);
	if (process->output == NULL)
		return;
	va_start(arguments, format);
	length = print_format_list(text, sizeof(text) - 1, format, arguments);
	va_end(arguments);
	if ((size_t)length > sizeof(text) - 2)
		length = (int)sizeof(text) - 2;
	text[length] = '\n';
	process_output_write(process->output, RV_LOG_ERROR, text, (size_t)length + 1);
}
