/*
 * file.c - stdin, stdout and stderr without a file system.
 *
 * Output is collected to whole lines, so that a log entry is one call of engine_write. Input
 * is always at its end. The functions for named files exist, and fail.
 */
#include "file.h"

#include "../include/engine_hooks.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static struct engine_file file_stdin = { .descriptor = 0 };
static struct engine_file file_stdout = { .descriptor = 1 };
static struct engine_file file_stderr = { .descriptor = 2 };

FILE *const (stdin) = &file_stdin;
FILE *const (stdout) = &file_stdout;
FILE *const (stderr) = &file_stderr;

static void file_flush(FILE *file)
{
	if (file->used > 0)
		engine_write(file->descriptor, file->buffer, file->used);
	file->used = 0;
}

/* A line longer than the buffer goes out in pieces. */
static void file_append(FILE *file, const char *text, size_t length)
{
	while (length > 0) {
		size_t room = sizeof(file->buffer) - file->used;
		size_t part = length < room ? length : room;

		memcpy(file->buffer + file->used, text, part);
		file->used += part;
		text += part;
		length -= part;
		if (file->used == sizeof(file->buffer))
			file_flush(file);
	}
}

int fflush(FILE *file)
{
	if (file == NULL || file == stdout)
		file_flush(stdout);
	if (file == NULL || file == stderr)
		file_flush(stderr);
	return 0;
}

int fputc(int c, FILE *file)
{
	if (file->descriptor == 0) {
		errno = EBADF;
		return EOF;
	}
	file->buffer[file->used++] = (char)c;
	if (c == '\n' || file->used == sizeof(file->buffer))
		file_flush(file);
	return (unsigned char)c;
}

size_t fwrite(const void *data, size_t size, size_t count, FILE *file)
{
	const char *bytes = data;
	size_t total;

	if (size == 0 || count == 0 || __builtin_mul_overflow(size, count, &total))
		return 0;
	if (file->descriptor == 0) {
		errno = EBADF;
		return 0;
	}
	while (total > 0) {
		const char *newline = memchr(bytes, '\n', total);
		size_t line = newline == NULL ? total : (size_t)(newline - bytes) + 1;

		file_append(file, bytes, line);
		if (newline != NULL)
			file_flush(file);
		bytes += line;
		total -= line;
	}
	return count;
}

int putc(int c, FILE *file)
{
	return fputc(c, file);
}

int putchar(int c)
{
	return fputc(c, stdout);
}

int fputs(const char *string, FILE *file)
{
	size_t length = strlen(string);

	return length == 0 || fwrite(string, 1, length, file) == length ? 0 : EOF;
}

int puts(const char *string)
{
	fputs(string, stdout);
	return fputc('\n', stdout);
}

size_t fread(void *data, size_t size, size_t count, FILE *file)
{
	(void)data;
	(void)size;
	(void)count;
	file->at_end = 1;
	return 0;
}

int fgetc(FILE *file)
{
	file->at_end = 1;
	return EOF;
}

int getc(FILE *file)
{
	return fgetc(file);
}

int getchar(void)
{
	return fgetc(stdin);
}

/* Nothing was read that could be put back. */
int ungetc(int c, FILE *file)
{
	(void)c;
	(void)file;
	return EOF;
}

char *fgets(char *line, int size, FILE *file)
{
	(void)line;
	(void)size;
	file->at_end = 1;
	return NULL;
}

int feof(FILE *file)
{
	return file->at_end;
}

int ferror(FILE *file)
{
	(void)file;
	return 0;
}

void clearerr(FILE *file)
{
	file->at_end = 0;
}

int fileno(FILE *file)
{
	return file->descriptor;
}

FILE *fopen(const char *name, const char *mode)
{
	(void)name;
	(void)mode;
	errno = ENOENT;
	return NULL;
}

int fclose(FILE *file)
{
	return fflush(file);
}

int fseek(FILE *file, long offset, int whence)
{
	(void)file;
	(void)offset;
	(void)whence;
	errno = ESPIPE;
	return -1;
}

long ftell(FILE *file)
{
	(void)file;
	errno = ESPIPE;
	return -1;
}

void rewind(FILE *file)
{
	clearerr(file);
}

/* The buffer is the library's own; any mode is accepted and lines stay whole. */
int setvbuf(FILE *file, char *buffer, int mode, size_t size)
{
	(void)file;
	(void)buffer;
	(void)mode;
	(void)size;
	return 0;
}

void perror(const char *prefix)
{
	int error = errno;

	if (prefix != NULL && *prefix != '\0')
		fprintf(stderr, "%s: ", prefix);
	fprintf(stderr, "%s\n", strerror(error));
}

int isatty(int descriptor)
{
	(void)descriptor;
	errno = ENOTTY;
	return 0;
}

ssize_t write(int descriptor, const void *data, size_t len_bytes)
{
	if (descriptor != STDOUT_FILENO && descriptor != STDERR_FILENO) {
		errno = EBADF;
		return -1;
	}
	fflush(descriptor == STDOUT_FILENO ? stdout : stderr);
	engine_write(descriptor, data, len_bytes);
	return (ssize_t)len_bytes;
}
