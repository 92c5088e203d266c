/* unistd.h - the little that programs ask of it here. */
#ifndef ENGINE_UNISTD_H
#define ENGINE_UNISTD_H

#include <sys/types.h>

#define STDIN_FILENO	0
#define STDOUT_FILENO	1
#define STDERR_FILENO	2

int isatty(int);
ssize_t write(int, const void *, size_t);
_Noreturn void _exit(int);

#endif
