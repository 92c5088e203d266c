/*
 * mediator/disk/discard.c: what a list of ranges covers: a pure function of it.
 */
#include "mediator/disk/discard.h"

#define DISCARD_ATA_LBA_BITS 48

static void discard_add(uint64_t lba, uint64_t sectors, uint64_t *first, uint64_t *last)
{
	uint64_t end = lba + sectors < lba ? UINT64_MAX : lba + sectors;

	if (sectors == 0)
		return;
	if (lba < *first)
		*first = lba;
	if (end - 1 > *last)
		*last = end - 1;
}

void discard_describe(struct bounce *bounce, enum discard_format format, struct request_disk *disk)
{
	unsigned entry_bytes = format == DISCARD_ATA ? 8 : 16;
	uint64_t first = UINT64_MAX, last = 0, words[2];

	for (uint64_t at = 0; at + entry_bytes <= bounce->length_bytes; at += entry_bytes) {
		bounce_copy(bounce, at, words, entry_bytes, false);
		if (format == DISCARD_ATA)
			discard_add(words[0] & ((UINT64_C(1) << DISCARD_ATA_LBA_BITS) - 1),
				    words[0] >> DISCARD_ATA_LBA_BITS, &first, &last);
		else
			discard_add(words[1], words[0] >> 32, &first, &last);
	}
	disk->lba = first <= last ? first : 0;
	disk->sectors = first > last ? 0 : last - first >= UINT32_MAX ? UINT32_MAX : (uint32_t)(last - first + 1);
}
