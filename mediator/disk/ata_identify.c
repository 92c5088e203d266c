/*
 * mediator/disk/ata_identify.c: what a disk says of itself (IDENTIFY DEVICE, ATA/ATAPI-7 6.17).
 */
#include "mediator/disk/ata.h"

#define ATA_WORD_CYLINDERS 1 /* and heads, sectors a track, of the default translation */
#define ATA_WORD_DEFAULT_HEADS 3
#define ATA_WORD_DEFAULT_TRACK 6
#define ATA_WORD_SERIAL 10
#define ATA_WORD_MODEL 27
#define ATA_WORD_CURRENT_CYLINDERS 54
#define ATA_WORD_HEADS 55    /* the current translation */
#define ATA_WORD_TRACK 56
#define ATA_WORD_CURRENT_SECTORS 57
#define ATA_WORD_MULTIPLE 59 /* bit 8: the rest is valid */
#define ATA_WORD_SECTORS 60
#define ATA_WORD_SETS 83     /* bit 10: 48-bit addresses */
#define ATA_WORD_SECTORS_48 100
#define ATA_WORD_SECTOR 106  /* bits 15:14: 01: it is valid; 12: sectors have more than 512 bytes */
#define ATA_WORD_SECTOR_WORDS 117

static uint64_t ata_identify_number(const uint16_t *words, unsigned at, unsigned nr_words)
{
	uint64_t number = 0;

	for (unsigned i = nr_words; i-- > 0;)
		number = number << 16 | words[at + i];
	return number;
}

/* Text: two characters a word, the first in the upper byte, blanks at its end. */
static void ata_identify_text(const uint16_t *words, unsigned at, char *text, unsigned text_bytes)
{
	unsigned end = 0;

	for (unsigned i = 0; i + 1 < text_bytes; i++) {
		char byte = (char)(words[at + i / 2] >> (i % 2 == 0 ? 8 : 0));

		text[i] = byte >= ' ' && byte < 0x7f ? byte : byte == '\0' ? ' ' : '?';
		if (text[i] != ' ')
			end = i + 1;
	}
	text[end] = '\0';
}

static uint32_t ata_identify_sector_bytes(const uint16_t *words)
{
	uint64_t bytes = 2 * ata_identify_number(words, ATA_WORD_SECTOR_WORDS, 2);

	if ((words[ATA_WORD_SECTOR] & 0xd000) != 0x5000 || bytes < ATA_SECTOR_BYTES || bytes > KIB(64))
		return ATA_SECTOR_BYTES;
	return (uint32_t)bytes;
}

void ata_identified(const uint16_t *words, struct ata_disk *disk)
{
	disk->is_there = true;
	disk->heads = words[ATA_WORD_HEADS];
	disk->track = words[ATA_WORD_TRACK];
	disk->multiple = words[ATA_WORD_MULTIPLE] & 0x100 ? words[ATA_WORD_MULTIPLE] & 0xff : 0;
	disk->info.sector_bytes = ata_identify_sector_bytes(words);
	disk->info.sectors = words[ATA_WORD_SETS] & 0x400
				     ? ata_identify_number(words, ATA_WORD_SECTORS_48, 4)
				     : ata_identify_number(words, ATA_WORD_SECTORS, 2);
	ata_identify_text(words, ATA_WORD_MODEL, disk->info.model, 41);
	ata_identify_text(words, ATA_WORD_SERIAL, disk->info.serial, 21);
}

static void ata_limit(uint16_t *words, unsigned at, unsigned nr_words, uint64_t most)
{
	if (ata_identify_number(words, at, nr_words) <= most)
		return;
	for (unsigned i = 0; i < nr_words; i++)
		words[at + i] = (uint16_t)(most >> 16 * i);
}

static void ata_limit_cylinders(uint16_t *words, unsigned cylinders, unsigned heads, unsigned track, uint64_t sectors)
{
	uint64_t each = (uint64_t)words[heads] * words[track];

	if (each != 0)
		ata_limit(words, cylinders, 1, sectors / each);
}

void ata_hide_front(uint16_t *words, uint64_t front, uint64_t sectors)
{
	uint64_t within = front <= ATA_LBA28_LAST ? ATA_LBA28_LAST - front : 0;

	ata_limit(words, ATA_WORD_SECTORS_48, 4, sectors);
	if (sectors > within)
		sectors = within;
	ata_limit(words, ATA_WORD_SECTORS, 2, sectors);
	ata_limit(words, ATA_WORD_CURRENT_SECTORS, 2, sectors);
	ata_limit_cylinders(words, ATA_WORD_CYLINDERS, ATA_WORD_DEFAULT_HEADS, ATA_WORD_DEFAULT_TRACK, sectors);
	ata_limit_cylinders(words, ATA_WORD_CURRENT_CYLINDERS, ATA_WORD_HEADS, ATA_WORD_TRACK, sectors);
}

/* ACS-3 7.12.6; ATA8-ACS 7.16.7 for what is of old. */
void ata_hide_bypasses(uint16_t *words)
{
	static const struct {
		uint8_t word;
		uint16_t bits;
	} hidden[] = {
		{ 48, 0xffff },	 /* trusted computing */
		{ 59, 0xf000 },	 /* sanitize */
		{ 69, 0x0060 },	 /* what was given up reads as zeros; it may be more than is asked for */
		{ 77, 0x0060 },	 /* queued commands beside reads and writes */
		{ 82, 0x0402 },	 /* host protected area, security */
		{ 83, 0x0901 },	 /* device configuration overlay, SET MAX with passwords, microcode */
		{ 85, 0x0402 },
		{ 86, 0x0901 },
		{ 119, 0x0100 }, /* accessible max address */
		{ 120, 0x0100 },
		{ 128, 0xffff }, /* the state of security */
		{ 206, 0xffff }, /* SMART command transport */
	};
	const uint8_t *bytes = (const uint8_t *)words;
	uint8_t sum = 0;

	for (size_t i = 0; i < ARRAY_LENGTH(hidden); i++)
		words[hidden[i].word] &= (uint16_t)~hidden[i].bits;
	if ((words[255] & 0xff) != 0xa5)
		return;
	for (unsigned i = 0; i < 2 * ATA_IDENTIFY_WORDS - 1; i++)
		sum = (uint8_t)(sum + bytes[i]);
	words[255] = (uint16_t)((words[255] & 0xff) | (uint8_t)-sum << 8);
}
