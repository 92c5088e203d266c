/*
 * core/log.c: the log's ring and its way to the console. log_lock guards both.
 */
#include "core/log.h"

#include "core/console.h"
#include "core/cpu.h"
#include "core/instructions.h"
#include "core/log_ring.h"
#include "core/panic.h"
#include "core/spinlock.h"
#include "core/string.h"
#include "core/time.h"

#define LOG_LINE_BYTES 512

#define LOG_MICROSECONDS 1000000

enum log_level log_maximum = LOG_INFO;
bool log_stamped = true;

static struct spinlock log_lock;
static struct log_ring log_ring __attribute__((aligned(PAGE_BYTES)));

static void log_emit(const char *text, size_t length_bytes)
{
	for (size_t i = 0; i < length_bytes; i++)
		log_ring.text[log_ring.written++ % LOG_RING_BYTES] = text[i];
	log_ring.check = log_ring.written ^ LOG_RING_MAGIC;
	log_ring.magic = LOG_RING_MAGIC;
	console_write(text, length_bytes);
}

void log_raw(const char *text, size_t length_bytes)
{
	spinlock_acquire(&log_lock);
	log_emit(text, length_bytes);
	spinlock_release(&log_lock);
}

size_t log_read(uint64_t *position, char *buffer, size_t buffer_bytes, uint64_t *lost)
{
	uint64_t at = *position, oldest;
	size_t count = 0;

	spinlock_acquire(&log_lock);
	oldest = log_ring.written > LOG_RING_BYTES ? log_ring.written - LOG_RING_BYTES : 0;
	if (at > log_ring.written)
		at = log_ring.written;
	*lost = at < oldest ? oldest - at : 0;
	at += *lost;
	for (; count < buffer_bytes && at < log_ring.written; count++)
		buffer[count] = log_ring.text[at++ % LOG_RING_BYTES];
	spinlock_release(&log_lock);
	*position = at;
	return count;
}

/* Lines that come before the TSC's frequency is known are at zero. The panic screen has room for none. */
static int log_stamp(enum log_level level, char *line, size_t line_bytes)
{
	uint64_t ticks = tsc_read() - time_boot_tsc, hz = time_tsc_hz, seconds = 0, us = 0;

	if (level == LOG_FATAL || !log_stamped)
		return 0;
	if (hz != 0) {
		seconds = ticks / hz;
		us = ticks % hz * LOG_MICROSECONDS / hz;
	}
	return print_format(line, line_bytes, "[%5lu.%06lu #%u] ", seconds, us,
			    cpu_current()->index);
}

void log_line_list(enum log_level level, const char *format, va_list arguments)
{
	static const char *const marks[] = { "", "error: ", "warning: ", "", "", "" };
	char line[LOG_LINE_BYTES];
	int used;

	if (level > log_maximum)
		return;
	used = log_stamp(level, line, sizeof(line));
	used += print_format(line + used, sizeof(line) - (size_t)used, "ritevisor: %s",
			     marks[level + 1]);
	used += print_format_list(line + used, sizeof(line) - (size_t)used, format, arguments);
	if ((size_t)used > sizeof(line) - 2)
		used = (int)sizeof(line) - 2;
	line[used++] = '\n';
	log_raw(line, (size_t)used);
}

void log_line(enum log_level level, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	log_line_list(level, format, arguments);
	va_end(arguments);
}

void log_unlock_for_panic(void)
{
	log_lock.holder = 0;
}
