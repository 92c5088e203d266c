/*
 * mediator/disk/ahci_own.c: commands of ours before the guest runs, one at a time, with a list and received FISes of our
 * own for the while: asks a disk what it is (IDENTIFY DEVICE), and reads its beginning. The port is left as it was.
 */
#include "mediator/disk/ahci.h"

#include "core/log.h"
#include "core/memory.h"
#include "core/string.h"
#include "mediator/disk/disk_early.h"
#include "rv/errno.h"

/* In the first page, behind the list; the second is for data. */
#define OWN_RECEIVED 1024
#define OWN_TABLE 2048
#define OWN_PAGES 2
#define OWN_READ_DMA_EXT 0x25
/* Of a FIS to the device. */
enum { OWN_FIS_LBA = 4, OWN_FIS_DEVICE = 7, OWN_FIS_LBA_HIGH = 8, OWN_FIS_COUNT = 12, OWN_FIS_BYTES = 20 };

struct ahci_own {
	const struct ahci_port *port;
	uint8_t *page, *data;
	uint32_t command, enabled, pending; /* the port's registers as they were, and the next */
	uint64_t list, received;
};

void ahci_identified(struct ahci_port *port, const uint16_t *words)
{
	struct ata_disk *disk = &port->disk;
	bool was_there = disk->is_there;

	ata_identified(words, disk);
	disk->info.number = ahci_disk_number(port);
	if (!was_there)
		log_info("disk sata%u: %s, %lu sectors of %u bytes", disk->info.number % RV_DISKS_A_BUS, disk->info.model,
			 disk->info.sectors, disk->info.sector_bytes);
}

static bool ahci_is_idle_disk(const struct ahci_port *port)
{
	uint32_t signature = ahci_read(port, AHCI_PxSIG);

	return (mmio_hardware_read(port->controller->base + AHCI_GHC, 4) & AHCI_GHC_AE) &&
	       (ahci_read(port, AHCI_PxSSTS) & AHCI_PxSSTS_DET) == AHCI_PxSSTS_PRESENT &&
	       signature != AHCI_SIG_ATAPI && signature != AHCI_SIG_MULTIPLIER && ahci_read(port, AHCI_PxCI) == 0 &&
	       !(ahci_read(port, AHCI_PxTFD) & (ATA_STATUS_BSY | ATA_STATUS_DRQ));
}

static bool ahci_stop_all(const struct ahci_port *port, uint32_t command)
{
	command &= ~AHCI_PxCMD_ST;
	ahci_write(port, AHCI_PxCMD, command);
	if (!ahci_await(port, AHCI_PxCMD, AHCI_PxCMD_CR, 0))
		return false;
	ahci_write(port, AHCI_PxCMD, command & ~AHCI_PxCMD_FRE);
	return ahci_await(port, AHCI_PxCMD, AHCI_PxCMD_FR, 0);
}

static void ahci_write_pair(const struct ahci_port *port, uint32_t offset, uint64_t value)
{
	ahci_write(port, offset, (uint32_t)value);
	ahci_write(port, offset + 4, (uint32_t)(value >> 32));
}

static uint64_t ahci_read_pair(const struct ahci_port *port, uint32_t offset)
{
	return ahci_read(port, offset) | (uint64_t)ahci_read(port, offset + 4) << 32;
}

/* False: it has something to do, or there is no memory: nothing was changed. */
static bool ahci_own_begin(struct ahci_own *own, const struct ahci_port *port)
{
	*own = (struct ahci_own){ .port = port };
	own->page = ahci_is_idle_disk(port) ? memory_allocate_device_pages(OWN_PAGES) : NULL;
	if (own->page == NULL)
		return false;
	own->data = own->page + PAGE_BYTES;
	own->command = ahci_read(port, AHCI_PxCMD);
	own->enabled = ahci_read(port, AHCI_PxIE);
	own->pending = ahci_read(port, AHCI_PxIS);
	own->list = ahci_read_pair(port, AHCI_PxCLB);
	own->received = ahci_read_pair(port, AHCI_PxFB);
	ahci_write(port, AHCI_PxIE, 0);
	return true;
}

static void ahci_own_end(struct ahci_own *own)
{
	const struct ahci_port *port = own->port;
	bool is_stopped = ahci_stop_all(port, own->command);

	ahci_write_pair(port, AHCI_PxCLB, own->list);
	ahci_write_pair(port, AHCI_PxFB, own->received);
	ahci_write(port, AHCI_PxCMD, own->command & ~AHCI_PxCMD_ST);
	ahci_write(port, AHCI_PxCMD, own->command);
	ahci_write(port, AHCI_PxIS, ahci_read(port, AHCI_PxIS) & ~own->pending);
	mmio_hardware_write(port->controller->base + AHCI_IS, 4, UINT32_C(1) << port->number);
	ahci_write(port, AHCI_PxIE, own->enabled);
	if (is_stopped)
		memory_free_pages(own->page, OWN_PAGES); /* else the device may still write to them */
}

static void ahci_own_fill(const struct ahci_own *own, const uint8_t *fis, uint32_t bytes)
{
	uint64_t table = memory_physical(own->page) + OWN_TABLE, data = memory_physical(own->data);
	uint32_t header[4] = { 5 | 1 << 16, 0, (uint32_t)table, (uint32_t)(table >> 32) };
	uint32_t entry[4] = { (uint32_t)data, (uint32_t)(data >> 32), 0, bytes - 1 };

	memcpy(own->page, header, sizeof(header));
	memcpy(own->page + OWN_TABLE, fis, OWN_FIS_BYTES);
	memcpy(own->page + OWN_TABLE + AHCI_TABLE_ENTRIES, entry, sizeof(entry));
}

/* A command that gives so many bytes, of a port that is stopped; it is so again when it fails. */
static bool ahci_own_do(const struct ahci_own *own, const uint8_t *fis, uint32_t bytes)
{
	const struct ahci_port *port = own->port;
	uint32_t command = own->command & ~AHCI_PxCMD_ST;
	bool is_done;

	if (!ahci_stop_all(port, command))
		return false;
	ahci_own_fill(own, fis, bytes);
	ahci_write_pair(port, AHCI_PxCLB, memory_physical(own->page));
	ahci_write_pair(port, AHCI_PxFB, memory_physical(own->page) + OWN_RECEIVED);
	ahci_write(port, AHCI_PxCMD, command | AHCI_PxCMD_FRE);
	ahci_write(port, AHCI_PxCMD, command | AHCI_PxCMD_FRE | AHCI_PxCMD_ST);
	ahci_write(port, AHCI_PxCI, 1);
	is_done = ahci_await(port, AHCI_PxCI, 1, 0);
	return is_done && !(ahci_read(port, AHCI_PxTFD) & ATA_STATUS_FAILED);
}

void ahci_identify(struct ahci_port *port)
{
	static const uint8_t fis[OWN_FIS_BYTES] = { AHCI_FIS_H2D, AHCI_FIS_FLAGS_COMMAND, ATA_IDENTIFY };
	struct ahci_own own;

	if (!ahci_own_begin(&own, port))
		return;
	if (ahci_own_do(&own, fis, ATA_IDENTIFY_WORDS * 2))
		ahci_identified(port, (const uint16_t *)(const void *)own.data);
	ahci_own_end(&own);
}

static bool ahci_own_read(const struct ahci_own *own, uint64_t lba, uint32_t sectors)
{
	uint8_t fis[OWN_FIS_BYTES] = { AHCI_FIS_H2D, AHCI_FIS_FLAGS_COMMAND, OWN_READ_DMA_EXT,
				       [OWN_FIS_DEVICE] = ATA_DEVICE_LBA, [OWN_FIS_COUNT] = (uint8_t)sectors };

	for (unsigned i = 0; i < 3; i++) {
		fis[OWN_FIS_LBA + i] = (uint8_t)(lba >> 8 * i);
		fis[OWN_FIS_LBA_HIGH + i] = (uint8_t)(lba >> (24 + 8 * i));
	}
	return ahci_own_do(own, fis, PAGE_BYTES);
}

int ahci_port_read_early(const struct ahci_port *port, struct disk_early *early)
{
	int error = disk_early_found(early, &port->disk.info);
	struct ahci_own own;

	if (error != 0)
		return error;
	if (!ahci_own_begin(&own, port))
		return -RV_EIO;
	for (uint64_t at = 0; error == 0 && at < early->length_bytes; at += PAGE_BYTES) {
		uint32_t sectors = PAGE_BYTES / early->info.sector_bytes;

		error = ahci_own_read(&own, at / PAGE_BYTES * sectors, sectors) ? 0 : -RV_EIO;
		if (error == 0)
			memcpy(early->to + at, own.data, PAGE_BYTES);
	}
	ahci_own_end(&own);
	return error;
}
