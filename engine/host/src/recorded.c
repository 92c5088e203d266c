/*
 * recorded.c: what stands before an event in a line of a recording.
 */
#include "recorded.h"

#include "words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool recorded_is_time(const char *text)
{
	return *text != '\0' && strspn(text, "0123456789.") == strlen(text);
}

/* NUMBER, or NUMBER,NUMBER,... */
static bool recorded_numbers(struct recorded *recorded, char *text)
{
	char *position;

	recorded->device = RECORDED_ANSWER;
	for (char *word = strtok_r(text, ",", &position); word; word = strtok_r(NULL, ",", &position)) {
		if (recorded->nr_numbers == RECORDED_NUMBERS ||
		    !words_number(word, &recorded->numbers[recorded->nr_numbers++]))
			return false;
	}
	return recorded->nr_numbers == 1 || recorded->nr_numbers == RECORDED_NUMBERS;
}

static bool recorded_take_device(struct recorded *recorded, char *text)
{
	recorded->nr_numbers = 0;
	if (strcmp(text, "?") == 0)
		recorded->device = RECORDED_NOT_ASKED;
	else if (strcmp(text, "gp") == 0)
		recorded->device = RECORDED_FAULT;
	else
		return recorded_numbers(recorded, text);
	return true;
}

/* FILE:OFFSET+LENGTH */
static bool recorded_take_payload(struct recorded *recorded, char *text)
{
	char *colon = strrchr(text, ':'), *plus = colon ? strchr(colon, '+') : NULL;

	if (colon == NULL || plus == NULL || strchr(text, '/') != NULL)
		return false;
	*colon = *plus = '\0';
	(void)snprintf(recorded->payload, sizeof(recorded->payload), "%s", text);
	return words_number(colon + 1, &recorded->payload_offset) &&
	       words_number(plus + 1, &recorded->payload_bytes);
}

static bool recorded_take_cpu(struct recorded *recorded, const char *text)
{
	uint64_t number;

	if (!words_number(text, &number) || number > UINT32_MAX)
		return false;
	recorded->cpu = (uint32_t)number;
	return true;
}

/* False: the word is none of these, so the line's own words begin with it. */
static bool recorded_word(struct recorded *recorded, char *word)
{
	bool ok;

	if (word[0] == '@') {
		ok = recorded_is_time(word + 1);
		(void)snprintf(recorded->time, sizeof(recorded->time), "%s", word + 1);
	} else if (strncmp(word, "cpu=", 4) == 0) {
		ok = recorded_take_cpu(recorded, word + 4);
	} else if (strncmp(word, "device=", 7) == 0) {
		ok = recorded_take_device(recorded, word + 7);
	} else if (strncmp(word, "payload=", 8) == 0) {
		ok = recorded_take_payload(recorded, word + 8);
	} else {
		return false;
	}
	recorded->wrong |= !ok;
	return true;
}

const char *recorded_take(struct recorded *recorded, const char *line)
{
	char word[RECORDED_NAME_BYTES];

	*recorded = (struct recorded){ 0 };
	for (;;) {
		const char *begin = line + strspn(line, " \t");
		size_t length = strcspn(begin, " \t\r\n");

		if (length == 0 || length >= sizeof(word))
			return line;
		memcpy(word, begin, length);
		word[length] = '\0';
		if (!recorded_word(recorded, word))
			return line;
		line = begin + length;
	}
}

bool recorded_payload(const struct recorded *recorded, const char *recording, void *buffer, size_t room_bytes)
{
	const char *slash = strrchr(recording, '/');
	uint64_t bytes = recorded->payload_bytes < room_bytes ? recorded->payload_bytes : room_bytes;
	char path[2 * RECORDED_NAME_BYTES];
	FILE *file;
	bool ok;

	(void)snprintf(path, sizeof(path), "%.*s%s", slash ? (int)(slash - recording + 1) : 0, recording,
		       recorded->payload);
	file = fopen(path, "rb");
	if (file == NULL)
		return false;
	ok = recorded->payload_offset <= INT64_MAX &&
	     fseek(file, (long)recorded->payload_offset, SEEK_SET) == 0 && fread(buffer, 1, bytes, file) == bytes;
	fclose(file);
	return ok;
}
