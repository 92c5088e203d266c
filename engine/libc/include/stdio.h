/*
 * stdio.h - output to the log through engine_write, and formatting.
 *
 * There is no file system: stdin is at its end, stdout and stderr are line-buffered, and
 * fopen fails with ENOENT.
 */
#ifndef ENGINE_STDIO_H
#define ENGINE_STDIO_H

#include <stdarg.h>
#include <stddef.h>
#include <sys/types.h>

#define EOF		(-1)
#define BUFSIZ		256
#define SEEK_SET	0
#define SEEK_CUR	1
#define SEEK_END	2
#define _IOFBF		0
#define _IOLBF		1
#define _IONBF		2
#define FILENAME_MAX	4096

typedef struct engine_file FILE;

extern FILE *const stdin;
extern FILE *const stdout;
extern FILE *const stderr;

#define stdin	(stdin)
#define stdout	(stdout)
#define stderr	(stderr)

#define __STDIO_FORMAT(format, first) __attribute__((__format__(__printf__, format, first)))

int printf(const char *, ...) __STDIO_FORMAT(1, 2);
int fprintf(FILE *, const char *, ...) __STDIO_FORMAT(2, 3);
int sprintf(char *, const char *, ...) __STDIO_FORMAT(2, 3);
int snprintf(char *, size_t, const char *, ...) __STDIO_FORMAT(3, 4);
int vprintf(const char *, va_list);
int vfprintf(FILE *, const char *, va_list);
int vsprintf(char *, const char *, va_list);
int vsnprintf(char *, size_t, const char *, va_list);

int fputc(int, FILE *);
int putc(int, FILE *);
int putchar(int);
int fputs(const char *, FILE *);
int puts(const char *);
size_t fwrite(const void *, size_t, size_t, FILE *);
size_t fread(void *, size_t, size_t, FILE *);
int fgetc(FILE *);
int getc(FILE *);
int getchar(void);
int ungetc(int, FILE *);
char *fgets(char *, int, FILE *);
int fflush(FILE *);
int feof(FILE *);
int ferror(FILE *);
void clearerr(FILE *);
int fileno(FILE *);
FILE *fopen(const char *, const char *);
int fclose(FILE *);
int fseek(FILE *, long, int);
long ftell(FILE *);
void rewind(FILE *);
int setvbuf(FILE *, char *, int, size_t);
void perror(const char *);

#endif
