/* file.h - the inside of a FILE: a line buffer before engine_write. */
#ifndef ENGINE_LIBC_FILE_H
#define ENGINE_LIBC_FILE_H

#include <stdio.h>

struct engine_file {
	int descriptor;
	int at_end;
	size_t used;
	char buffer[BUFSIZ];
};

#endif
