/*
 * mediator/disk/discard.c: what a list of ranges covers: a pure function of it.
 */
#include "mediator/disk/discard.h"

#define DISCARD_ATA_LBA_BITS 48
#define DISCARD_ATA_LBA_MASK ((UINT64_C(1) << DISCARD_ATA_LBA_BITS) - 1)

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

/* An entry's first sector, and how many; of none both are 0, wherever it says that it begins. */
static void discard_read(const uint64_t *words, enum discard_format format, uint64_t *lba, uint64_t *sectors)
{
	*lba = format == DISCARD_ATA ? words[0] & DISCARD_ATA_LBA_MASK : format == DISCARD_NVME ? words[1] : words[0];
	*sectors = format == DISCARD_ATA    ? words[0] >> DISCARD_ATA_LBA_BITS
		   : format == DISCARD_NVME ? words[0] >> 32
					    : words[1] & UINT32_MAX;
	if (*sectors == 0)
		*lba = 0;
}

void discard_describe(struct bounce *bounce, enum discard_format format, struct request_disk *disk)
{
	unsigned entry_bytes = format == DISCARD_ATA ? 8 : 16;
	uint64_t first = UINT64_MAX, last = 0, words[2], lba, sectors;

	for (uint64_t at = 0; at + entry_bytes <= bounce->length_bytes; at += entry_bytes) {
		bounce_copy(bounce, at, words, entry_bytes, false);
		discard_read(words, format, &lba, &sectors);
		discard_add(lba, sectors, &first, &last);
	}
	disk->lba = first <= last ? first : 0;
	disk->sectors = first > last ? 0 : last - first >= UINT32_MAX ? UINT32_MAX : (uint32_t)(last - first + 1);
}

static void discard_write(uint64_t *words, enum discard_format format, uint64_t lba)
{
	if (format == DISCARD_ATA)
		words[0] = (words[0] & ~DISCARD_ATA_LBA_MASK) | lba;
	else
		words[format == DISCARD_NVME] = lba;
}

bool discard_shift(struct request *request, enum discard_format format, uint64_t front, uint64_t sectors)
{
	unsigned entry_bytes = format == DISCARD_ATA ? 8 : 16;
	uint64_t last = format == DISCARD_ATA ? DISCARD_ATA_LBA_MASK : UINT64_MAX;

	if (request->data == NULL || request->data_bytes == 0 || request->data_bytes % entry_bytes != 0)
		return false;
	for (uint64_t at = 0; at < request->data_bytes; at += entry_bytes) {
		uint64_t words[2], lba, count;

		if (request->data(request, at, words, entry_bytes, false) != 0)
			return false;
		discard_read(words, format, &lba, &count);
		if (lba > sectors || count > sectors - lba || front > last || lba + count > last - front)
			return false;
		discard_write(words, format, lba + front);
		if (request->data(request, at, words, entry_bytes, true) != 0)
			return false;
	}
	return true;
}
