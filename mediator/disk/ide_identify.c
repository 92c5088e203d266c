/*
 * mediator/disk/ide_identify.c: what a disk says of itself (IDENTIFY DEVICE, ATA/ATAPI-7 6.17).
 */
#include "mediator/disk/ide.h"

#include "core/instructions.h"

#define IDE_IDENTIFY 0xec
#define IDE_IDENTIFY_WORDS 256
#define IDE_WORD_SERIAL 10
#define IDE_WORD_MODEL 27
#define IDE_WORD_HEADS 55    /* the current translation */
#define IDE_WORD_TRACK 56
#define IDE_WORD_MULTIPLE 59 /* bit 8: the rest is valid */
#define IDE_WORD_SECTORS 60
#define IDE_WORD_SETS 83     /* bit 10: 48-bit addresses */
#define IDE_WORD_SECTORS_48 100

static uint64_t ide_identify_number(const uint16_t *words, unsigned at, unsigned nr_words)
{
	uint64_t number = 0;

	for (unsigned i = nr_words; i-- > 0;)
		number = number << 16 | words[at + i];
	return number;
}

/* Text: two characters a word, the first in the upper byte, blanks at its end. */
static void ide_identify_text(const uint16_t *words, unsigned at, char *text, unsigned text_bytes)
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

static void ide_identify_fill(const uint16_t *words, struct ide_disk *disk)
{
	disk->is_there = true;
	disk->heads = words[IDE_WORD_HEADS];
	disk->track = words[IDE_WORD_TRACK];
	disk->multiple = words[IDE_WORD_MULTIPLE] & 0x100 ? words[IDE_WORD_MULTIPLE] & 0xff : 0;
	disk->info.sector_bytes = IDE_SECTOR_BYTES;
	disk->info.sectors = words[IDE_WORD_SETS] & 0x400
				     ? ide_identify_number(words, IDE_WORD_SECTORS_48, 4)
				     : ide_identify_number(words, IDE_WORD_SECTORS, 2);
	ide_identify_text(words, IDE_WORD_MODEL, disk->info.model, 41);
	ide_identify_text(words, IDE_WORD_SERIAL, disk->info.serial, 21);
}

/* An ATAPI device aborts the command; where there is no device, BSY reads 0 or all ones. */
static bool ide_identify_ask(const struct ide_channel *channel, unsigned unit, uint16_t *words)
{
	uint8_t status;

	ide_write(channel, IDE_DEVICE, (uint8_t)(0xa0 | (unit != 0 ? IDE_DEVICE_SLAVE : 0)));
	status = ide_settle(channel);
	if (status == 0xff || (status & (IDE_STATUS_BSY | IDE_STATUS_DRDY)) != IDE_STATUS_DRDY)
		return false;
	(void)ide_give_command(channel, IDE_IDENTIFY);
	if (!ide_take_data(channel, (uint8_t *)words, IDE_IDENTIFY_WORDS * sizeof(*words)))
		return false;
	(void)ide_read(channel, IDE_STATUS);
	return true;
}

void ide_identify(const struct ide_channel *channel, unsigned unit, struct ide_disk *disk)
{
	uint16_t words[IDE_IDENTIFY_WORDS];
	uint8_t device = ide_read(channel, IDE_DEVICE);

	port_write8(channel->control, channel->control_value | IDE_CONTROL_NIEN);
	if (ide_identify_ask(channel, unit, words))
		ide_identify_fill(words, disk);
	else
		(void)ide_read(channel, IDE_STATUS);
	ide_write(channel, IDE_DEVICE, device);
	port_write8(channel->control, channel->control_value);
}
