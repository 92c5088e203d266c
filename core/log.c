/*
 * core/log.c: the log's ring and its way to the console. log_lock guards both.
 */
#include "core/log.h"

#include "core/console.h"
#include "core/panic.h"
#include "core/spinlock.h"
#include "core/string.h"

#define LOG_RING_BYTES KIB(64)
#define LOG_LINE_BYTES 512

enum log_level log_maximum = LOG_INFO;

static struct spinlock log_lock;
static char log_ring[LOG_RING_BYTES];
static uint64_t log_ring_written; /* bytes ever; the ring keeps the last LOG_RING_BYTES */

static void log_emit(const char *text, size_t length_bytes)
{
	for (size_t i = 0; i < length_bytes; i++)
		log_ring[log_ring_written++ % LOG_RING_BYTES] = text[i];
	console_write(text, length_bytes);
}

void log_raw(const char *text, size_t length_bytes)
{
	spinlock_acquire(&log_lock);
	log_emit(text, length_bytes);
	spinlock_release(&log_lock);
}

void log_line(enum log_level level, const char *format, ...)
{
	static const char *const marks[] = { "", "error: ", "warning: ", "", "", "" };
	char line[LOG_LINE_BYTES];
	va_list arguments;
	int used;

	if (level > log_maximum)
		return;
	used = print_format(line, sizeof(line), "ritevisor: %s", marks[level + 1]);
	va_start(arguments, format);
	used += print_format_list(line + used, sizeof(line) - (size_t)used, format, arguments);
	va_end(arguments);
	if ((size_t)used > sizeof(line) - 2)
		used = (int)sizeof(line) - 2;
	line[used++] = '\n';
	log_raw(line, (size_t)used);
}

void log_unlock_for_panic(void)
{
	log_lock.holder = 0;
}
