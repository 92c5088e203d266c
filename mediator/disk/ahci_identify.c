/*
 * mediator/disk/ahci_identify.c: asks a disk what it is (IDENTIFY DEVICE), with a list and received FISes of our own
 * for the while, and leaves the port as it was.
 */
#include "mediator/disk/ahci.h"

#include "core/log.h"
#include "core/memory.h"
#include "core/string.h"

#define IDENTIFY_RECEIVED 1024 /* in the page, behind the list */
#define IDENTIFY_TABLE 2048
#define IDENTIFY_DATA 3072

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

static void ahci_fill_identify(uint8_t *page)
{
	static const uint8_t fis[] = { AHCI_FIS_H2D, AHCI_FIS_FLAGS_COMMAND, ATA_IDENTIFY };
	uint64_t table = memory_physical(page) + IDENTIFY_TABLE, data = memory_physical(page) + IDENTIFY_DATA;
	uint32_t header[4] = { 5 | 1 << 16, 0, (uint32_t)table, (uint32_t)(table >> 32) };
	uint32_t entry[4] = { (uint32_t)data, (uint32_t)(data >> 32), 0, ATA_IDENTIFY_WORDS * 2 - 1 };

	memcpy(page, header, sizeof(header));
	memcpy(page + IDENTIFY_TABLE, fis, sizeof(fis));
	memcpy(page + IDENTIFY_TABLE + AHCI_TABLE_ENTRIES, entry, sizeof(entry));
}

/* On a port that is stopped. */
static bool ahci_ask_identify(const struct ahci_port *port, uint8_t *page, uint32_t command)
{
	bool is_done;

	ahci_fill_identify(page);
	ahci_write_pair(port, AHCI_PxCLB, memory_physical(page));
	ahci_write_pair(port, AHCI_PxFB, memory_physical(page) + IDENTIFY_RECEIVED);
	command &= ~AHCI_PxCMD_ST;
	ahci_write(port, AHCI_PxCMD, command | AHCI_PxCMD_FRE);
	ahci_write(port, AHCI_PxCMD, command | AHCI_PxCMD_FRE | AHCI_PxCMD_ST);
	ahci_write(port, AHCI_PxCI, 1);
	is_done = ahci_await(port, AHCI_PxCI, 1, 0);
	return is_done && !(ahci_read(port, AHCI_PxTFD) & ATA_STATUS_FAILED);
}

void ahci_identify(struct ahci_port *port)
{
	uint32_t command = ahci_read(port, AHCI_PxCMD), enabled = ahci_read(port, AHCI_PxIE),
		 pending = ahci_read(port, AHCI_PxIS);
	uint64_t list = ahci_read_pair(port, AHCI_PxCLB), received = ahci_read_pair(port, AHCI_PxFB);
	uint8_t *page = ahci_is_idle_disk(port) ? memory_allocate_device_page() : NULL;
	bool is_stopped;

	if (page == NULL)
		return;
	ahci_write(port, AHCI_PxIE, 0);
	if (ahci_stop_all(port, command) && ahci_ask_identify(port, page, command))
		ahci_identified(port, (const uint16_t *)(const void *)(page + IDENTIFY_DATA));
	is_stopped = ahci_stop_all(port, command);
	ahci_write_pair(port, AHCI_PxCLB, list);
	ahci_write_pair(port, AHCI_PxFB, received);
	ahci_write(port, AHCI_PxCMD, command & ~AHCI_PxCMD_ST);
	ahci_write(port, AHCI_PxCMD, command);
	ahci_write(port, AHCI_PxIS, ahci_read(port, AHCI_PxIS) & ~pending);
	mmio_hardware_write(port->controller->base + AHCI_IS, 4, UINT32_C(1) << port->number);
	ahci_write(port, AHCI_PxIE, enabled);
	if (is_stopped)
		memory_free_page(page); /* else the device may still write to it */
}
