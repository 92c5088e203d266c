/*
 * words.c: lines of an .events file as words and numbers.
 */
#include "words.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void words_keep_rest(struct words *words, const char *line)
{
	size_t length;

	line += strspn(line, " \t");
	line += strcspn(line, " \t\n");
	line += strspn(line, " \t");
	snprintf(words->rest, sizeof(words->rest), "%s", line);
	length = strlen(words->rest);
	while (length > 0 && strchr(" \t\r\n", words->rest[length - 1]))
		words->rest[--length] = '\0';
}

bool words_split(struct words *words, const char *line)
{
	bool fits = (size_t)snprintf(words->line, sizeof(words->line), "%s", line) <
		    sizeof(words->line);
	char *position;

	words_keep_rest(words, line);
	words->count = 0;
	for (char *word = strtok_r(words->line, " \t\r\n", &position);
	     word && word[0] != '#' && words->count < WORDS_MAXIMUM;
	     word = strtok_r(NULL, " \t\r\n", &position))
		words->word[words->count++] = word;
	return fits;
}

bool words_number(const char *word, uint64_t *number)
{
	char *end;

	errno = 0;
	*number = strtoull(word, &end, 0);
	return errno == 0 && end != word && *end == '\0';
}

bool words_slot(const char *word, uint16_t *bdf)
{
	unsigned int bus, device, function;
	char extra;

	if (sscanf(word, "%x:%x.%u%c", &bus, &device, &function, &extra) != 3)
		return false;
	if (bus > 255 || device > 31 || function > 7)
		return false;
	*bdf = (uint16_t)(bus << 8 | device << 3 | function);
	return true;
}
