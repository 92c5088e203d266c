/*
 * log.c: text of any length to the hypervisor's log.
 */
#include "engine/engine.h"

#include <string.h>

/* A piece ends at a line end when there is one, so that lines stay whole. */
static size_t log_piece_length(const char *text, size_t length_bytes)
{
	size_t length = length_bytes < RV_LOG_BYTES ? length_bytes : RV_LOG_BYTES;

	if (length == length_bytes)
		return length;
	for (size_t i = length; i > 0; i--) {
		if (text[i - 1] == '\n')
			return i;
	}
	return length;
}

void engine_log(uint32_t level, const char *text, size_t length_bytes)
{
	do {
		size_t piece = log_piece_length(text, length_bytes);

		sys_log(level, text, piece);
		text += piece;
		length_bytes -= piece;
	} while (length_bytes > 0);
}

void engine_log_string(uint32_t level, const char *text)
{
	engine_log(level, text, strlen(text));
}
