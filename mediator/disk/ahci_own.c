/*
 * mediator/disk/ahci_own.c: commands of ours, one at a time, with a list and received FISes of our own for the while:
 * asks a disk what it is (IDENTIFY DEVICE), reads its beginning, and does what scripts want. The port is left as it was,
 * so it has to have nothing to do: before the guest, or once the device is done with what it has; it gets nothing more
 * meanwhile, since the lock is held.
 */
#include "mediator/disk/ahci.h"

#include "core/instructions.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/string.h"
#include "core/time.h"
#include "mediator/disk/disk_early.h"
#include "mediator/disk/disk_io.h"
#include "rv/errno.h"

/* In the first page, behind the list; the second is for data. */
#define OWN_RECEIVED 1024
#define OWN_TABLE 2048
#define OWN_PAGES 2
#define OWN_RESET_US 1000   /* that a reset of the link is told, at least (10.4.2) */
#define OWN_DRAIN_US 500000 /* for the commands that the device has */
enum { OWN_READ_DMA = 0xc8, OWN_READ_DMA_EXT = 0x25, OWN_WRITE_DMA = 0xca, OWN_WRITE_DMA_EXT = 0x35, OWN_FLUSH = 0xe7,
       OWN_FLUSH_EXT = 0xea };
_Static_assert(OWN_TABLE + AHCI_TABLE_ENTRIES + DISK_IO_PAGES * AHCI_ENTRY_BYTES <= PAGE_BYTES, "the table is in the page");
/* Of a FIS to the device. */
enum { OWN_FIS_LBA = 4, OWN_FIS_DEVICE = 7, OWN_FIS_LBA_HIGH = 8, OWN_FIS_COUNT = 12, OWN_FIS_BYTES = 20 };

struct ahci_own {
	const struct ahci_port *port;
	uint8_t *page, *data;
	uint32_t command, enabled, pending; /* the port's registers as they were, and the next */
	uint64_t list, received;
	bool is_late; /* it has not ended a command in time */
};

void ahci_identified(struct ahci_port *port, const uint16_t *words)
{
	struct ata_disk *disk = &port->disk;
	bool was_there = disk->is_there;

	ata_identified(words, disk);
	disk->info.number = ahci_disk_number(port);
	if (!was_there && port->controller->common.news != NULL)
		port->controller->common.news();
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

/* A command that was late would be met by the guest, or its end would be taken for another's: the reset ends it. */
static void ahci_own_reset_link(const struct ahci_port *port)
{
	uint32_t control = ahci_read(port, AHCI_PxSCTL) & ~AHCI_PxSCTL_DET;

	ahci_write(port, AHCI_PxSCTL, control | AHCI_PxSCTL_RESET);
	time_wait_us(OWN_RESET_US);
	ahci_write(port, AHCI_PxSCTL, control);
	(void)ahci_await(port, AHCI_PxSSTS, AHCI_PxSSTS_DET, AHCI_PxSSTS_PRESENT);
	(void)ahci_await(port, AHCI_PxTFD, ATA_STATUS_BSY, 0);
	ahci_write(port, AHCI_PxSERR, ahci_read(port, AHCI_PxSERR));
}

/* False: the device may still write to what it was given, which is not freed then. */
static bool ahci_own_end(struct ahci_own *own)
{
	const struct ahci_port *port = own->port;
	bool is_stopped = ahci_stop_all(port, own->command) && !own->is_late;

	if (own->is_late)
		ahci_own_reset_link(port);
	ahci_write_pair(port, AHCI_PxCLB, own->list);
	ahci_write_pair(port, AHCI_PxFB, own->received);
	ahci_write(port, AHCI_PxCMD, own->command & ~AHCI_PxCMD_ST);
	ahci_write(port, AHCI_PxCMD, own->command);
	ahci_write(port, AHCI_PxIS, ahci_read(port, AHCI_PxIS) & ~own->pending);
	mmio_hardware_write(port->controller->base + AHCI_IS, 4, UINT32_C(1) << port->number);
	ahci_write(port, AHCI_PxIE, own->enabled);
	if (is_stopped)
		memory_free_pages(own->page, OWN_PAGES);
	return is_stopped;
}

/* Where the data are, and how many bytes. */
struct ahci_own_data {
	uint8_t *const *pages;
	uint64_t length_bytes;
	bool to_disk;
};

static void ahci_own_fill(const struct ahci_own *own, const uint8_t *fis, const struct ahci_own_data *data)
{
	uint32_t *entry = (uint32_t *)(void *)(own->page + OWN_TABLE + AHCI_TABLE_ENTRIES);
	uint64_t table = memory_physical(own->page) + OWN_TABLE, left = data->length_bytes;
	uint32_t header[4] = { OWN_FIS_BYTES / 4 | (data->to_disk ? AHCI_HEADER_WRITE : 0), 0, (uint32_t)table,
			       (uint32_t)(table >> 32) };

	for (uint32_t i = 0; left != 0; i++, entry += 4) {
		uint64_t at = memory_physical(data->pages[i]), part = left < PAGE_BYTES ? left : PAGE_BYTES;

		entry[0] = (uint32_t)at;
		entry[1] = (uint32_t)(at >> 32);
		entry[2] = 0;
		entry[3] = (uint32_t)part - 1;
		header[0] += 1 << 16;
		left -= part;
	}
	memcpy(own->page, header, sizeof(header));
	memcpy(own->page + OWN_TABLE, fis, OWN_FIS_BYTES);
}

/* A command, of a port that is stopped; it is so again when it fails: -RV_EIO, -RV_ETIMEDOUT. */
static int ahci_own_do(struct ahci_own *own, const uint8_t *fis, const struct ahci_own_data *data)
{
	const struct ahci_port *port = own->port;
	uint32_t command = own->command & ~AHCI_PxCMD_ST;

	if (!ahci_stop_all(port, command))
		return -RV_EIO;
	ahci_own_fill(own, fis, data);
	ahci_write_pair(port, AHCI_PxCLB, memory_physical(own->page));
	ahci_write_pair(port, AHCI_PxFB, memory_physical(own->page) + OWN_RECEIVED);
	ahci_write(port, AHCI_PxCMD, command | AHCI_PxCMD_FRE);
	ahci_write(port, AHCI_PxCMD, command | AHCI_PxCMD_FRE | AHCI_PxCMD_ST);
	ahci_write(port, AHCI_PxCI, 1);
	/* One that fails may keep its bit. */
	own->is_late = !ahci_await(port, AHCI_PxCI, 1, 0) && !(ahci_read(port, AHCI_PxTFD) & ATA_STATUS_FAILED);
	if (own->is_late)
		return -RV_ETIMEDOUT;
	return ahci_read(port, AHCI_PxTFD) & ATA_STATUS_FAILED ? -RV_EIO : 0;
}

void ahci_identify(struct ahci_port *port)
{
	static const uint8_t fis[OWN_FIS_BYTES] = { AHCI_FIS_H2D, AHCI_FIS_FLAGS_COMMAND, ATA_IDENTIFY };
	struct ahci_own own;

	if (!ahci_own_begin(&own, port))
		return;
	if (ahci_own_do(&own, fis, &(struct ahci_own_data){ .pages = &own.data, .length_bytes = ATA_IDENTIFY_WORDS * 2 }) == 0)
		ahci_identified(port, (const uint16_t *)(const void *)own.data);
	(void)ahci_own_end(&own);
}

static void ahci_own_address(uint8_t *fis, uint64_t lba, uint32_t sectors, bool extended)
{
	for (unsigned i = 0; i < 3; i++) {
		fis[OWN_FIS_LBA + i] = (uint8_t)(lba >> 8 * i);
		fis[OWN_FIS_LBA_HIGH + i] = extended ? (uint8_t)(lba >> (24 + 8 * i)) : 0;
	}
	fis[OWN_FIS_DEVICE] = (uint8_t)(ATA_DEVICE_LBA | (extended ? 0 : lba >> 24 & 15));
	fis[OWN_FIS_COUNT] = (uint8_t)sectors;
	fis[OWN_FIS_COUNT + 1] = extended ? (uint8_t)(sectors >> 8) : 0;
}

static int ahci_own_read(struct ahci_own *own, uint64_t lba, uint32_t sectors)
{
	uint8_t fis[OWN_FIS_BYTES] = { AHCI_FIS_H2D, AHCI_FIS_FLAGS_COMMAND, OWN_READ_DMA_EXT };

	ahci_own_address(fis, lba, sectors, true);
	return ahci_own_do(own, fis, &(struct ahci_own_data){ .pages = &own->data, .length_bytes = PAGE_BYTES });
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

		error = ahci_own_read(&own, at / PAGE_BYTES * sectors, sectors) == 0 ? 0 : -RV_EIO;
		if (error == 0)
			memcpy(early->to + at, own.data, PAGE_BYTES);
	}
	(void)ahci_own_end(&own);
	return error;
}

/* Scripts' own ------------------------------------------------------------------------------------- */

/* Is the device done with all that it was given, without an error? What it is done with stays as if it were on its way:
 * the guest's next access to a register sees to that. */
static bool ahci_own_drain(const struct ahci_port *port)
{
	uint64_t end = tsc_read() + time_tsc_of_us(OWN_DRAIN_US);

	while ((port->out & (ahci_read(port, AHCI_PxCI) | ahci_read(port, AHCI_PxSACT))) != 0 &&
	       !(ahci_read(port, AHCI_PxIS) & AHCI_PxIS_TFES) && tsc_read() < end)
		cpu_pause();
	return !(ahci_read(port, AHCI_PxIS) & AHCI_PxIS_TFES) && ahci_read(port, AHCI_PxCI) == 0 &&
	       (port->is_attached ? ahci_read(port, AHCI_PxSACT) & port->out : ahci_read(port, AHCI_PxSACT)) == 0;
}

/* May its disk get a command of ours now? */
static int ahci_own_check(const struct ahci_port *port, bool before_guest)
{
	if (!port->controller->is_claimed && !before_guest)
		return -RV_EAGAIN;
	if (port->is_slow) /* what it was given then is lost to us: once is enough */
		return -RV_ETIMEDOUT;
	return port->is_failed || !ahci_own_drain(port) ? -RV_EBUSY : 0;
}

static uint8_t ahci_own_code(uint32_t kind, bool extended)
{
	if (kind == RV_EVENT_DISK_READ)
		return extended ? OWN_READ_DMA_EXT : OWN_READ_DMA;
	if (kind == RV_EVENT_DISK_WRITE)
		return extended ? OWN_WRITE_DMA_EXT : OWN_WRITE_DMA;
	return extended ? OWN_FLUSH_EXT : OWN_FLUSH;
}

static int ahci_own_transfer(struct ahci_own *own, const struct disk_io *io)
{
	bool extended = io->lba + io->sectors > ATA_LBA28_LAST;
	uint8_t fis[OWN_FIS_BYTES] = { AHCI_FIS_H2D, AHCI_FIS_FLAGS_COMMAND, ahci_own_code(io->kind, extended) };
	struct ahci_own_data data = { .pages = io->bounce.pages, .to_disk = io->kind == RV_EVENT_DISK_WRITE };

	if (io->kind != RV_EVENT_DISK_FLUSH) {
		ahci_own_address(fis, io->lba, io->sectors, extended);
		data.length_bytes = io->bounce.length_bytes;
	}
	return ahci_own_do(own, fis, &data);
}

int ahci_own_io(struct ahci_port *port, struct disk_io *io)
{
	struct ahci_own own;
	int error;

	spinlock_acquire(&port->controller->lock);
	error = ahci_own_check(port, io->before_guest);
	if (error == 0 && !ahci_own_begin(&own, port))
		error = -RV_EBUSY;
	if (error == 0) {
		error = ahci_own_transfer(&own, io);
		port->is_slow = !ahci_own_end(&own);
		if (port->is_slow)
			io->bounce.nr_pages = 0;
	}
	spinlock_release(&port->controller->lock);
	return error;
}
