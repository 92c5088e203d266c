/*
 * tests/tools/packet_filter.c: runs filters of engine/gems/ritevisor-net over a pcap file: a filter a line on standard
 * input, and for each a line with the numbers of the packets that it fits, from 1 on, or "error: ...".
 */
#include "engine/gems/ritevisor-net/src/filter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PACKETS_MAXIMUM = 4096, FILE_BYTES = 1 << 22 };

static struct {
	const uint8_t *bytes;
	uint32_t there, length;
} packets[PACKETS_MAXIMUM];

static uint32_t native(const uint8_t *bytes)
{
	uint32_t number;

	memcpy(&number, bytes, sizeof(number));
	return number;
}

static int load(const char *path)
{
	static uint8_t bytes[FILE_BYTES];
	FILE *file = fopen(path, "rb");
	size_t have = file ? fread(bytes, 1, sizeof(bytes), file) : 0;
	int count = 0;

	for (size_t at = 24; at + 16 <= have && count < PACKETS_MAXIMUM; count++) {
		packets[count].there = native(bytes + at + 8);
		packets[count].length = native(bytes + at + 12);
		packets[count].bytes = bytes + at + 16;
		at += 16 + packets[count].there;
	}
	if (file)
		fclose(file);
	return count;
}

static void run(const char *text, int count)
{
	static struct filter filter;
	char error[FILTER_ERROR_BYTES];

	if (!filter_compile(&filter, text, strlen(text), error)) {
		printf("error: %s\n", error);
		return;
	}
	for (int i = 0; i < count; i++) {
		uint8_t *copy = malloc(packets[i].there); /* of its own, so that ASan sees what is read behind it */
		struct packet packet;

		memcpy(copy, packets[i].bytes, packets[i].there);
		packet_parse(&packet, copy, packets[i].there, packets[i].length, true);
		if (filter_run(filter.steps, filter.nr_steps, &packet))
			printf("%d ", i + 1);
		free(copy);
	}
	printf("\n");
}

int main(int count, char **words)
{
	static char line[8192];
	int nr_packets = count == 2 ? load(words[1]) : 0;

	if (nr_packets == 0)
		return 2;
	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		run(line, nr_packets);
	}
	return 0;
}
