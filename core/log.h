/*
 * core/log.h: the hypervisor's log: a ring in memory and the console.
 */
#ifndef CORE_LOG_H
#define CORE_LOG_H

#include <stdarg.h>

#include "rv/types.h"

/* LOG_FATAL is the panic screen's: no mark before it, never dropped. */
enum log_level { LOG_FATAL = -1, LOG_ERROR, LOG_WARNING, LOG_NOTICE, LOG_INFO, LOG_DEBUG };

/* Lines at a higher level are dropped; boot option loglevel=. Default LOG_INFO. */
extern enum log_level log_maximum;

/* Whether time and CPU stand before a line; boot option log=plain. Default true. */
extern bool log_stamped;

/* One line, "[    1.234567 #0] ritevisor: " (seconds since our start by this CPU's TSC, the CPU) before it
 * and a newline after it. printf subset: %s %c %d %i %u %x %X %p
 * %l %ll %z %% with width, '-', '0' and precision for %s. Context: any but irq. */
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
void log_line_list(enum log_level level, const char *format, va_list arguments);

#define log_error(...) log_line(LOG_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_WARNING, __VA_ARGS__)
#define log_notice(...) log_line(LOG_NOTICE, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__)

/* Raw text from a script, already formatted; no prefix is added. */
void log_raw(const char *text, size_t length_bytes);

/* Copies what the log's ring holds from the byte *position on, counted since the start, which becomes the next; what
 * the ring has lost already is skipped, and *lost says how many bytes. Returns how many were copied. Context: any
 * but irq. */
size_t log_read(uint64_t *position, char *buffer, size_t buffer_bytes, uint64_t *lost);

/* Looks for the log of the boot before in memory that we had then, and keeps a copy in the image; returns its bytes, 0:
 * there is none. Context: boot, before anything is written to that memory. */
size_t log_find_before(const void *memory, uint64_t length_bytes);

/* The same as log_read() of that one, in which nothing comes nor is lost. Context: any. */
size_t log_read_before(uint64_t *position, char *buffer, size_t buffer_bytes);

/* snprintf with the same subset; always ends with NUL; returns the length it wanted. */
int print_format(char *buffer, size_t buffer_bytes, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int print_format_list(char *buffer, size_t buffer_bytes, const char *format, va_list arguments);

/* Prints registers, the last exits and a backtrace, and stops this machine. */
_Noreturn void panic(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
