/*
 * tests/guest/dma_virtio.c: a virtio disk that is told to read and write memory, by buffers and by rings there.
 * Virtual I/O Device Specification 1.2.
 */
#include "dma.h"
#include "guest.h"

#define CLASS_STORAGE 0x010000u
#define ID_BLOCK 0x10421af4u
#define CAPABILITY_VENDOR 0x09u
#define COMMON 1u
#define NOTIFY 2u
#define SIZE 8u
#define SECTOR 64u

enum { IN, OUT }; /* to memory; from there */
enum { FEATURE_SELECT = 8, FEATURES = 12, STATUS = 20, QUEUE_SELECT = 22, QUEUE_SIZE = 24, QUEUE_ENABLE = 28,
       QUEUE_NOTIFY = 30, QUEUE_DESCRIPTORS = 32, QUEUE_DRIVER = 40, QUEUE_DEVICE = 48 };

static uint64_t common, notify;
static struct {
	uint64_t address;
	uint32_t length;
	uint16_t flags, next;
} descriptors[SIZE] __attribute__((aligned(16)));
static volatile uint16_t available[4 + SIZE] __attribute__((aligned(16)));
static volatile uint32_t used[2 + 2 * SIZE] __attribute__((aligned(16)));
static struct {
	uint32_t type, reserved;
	uint64_t sector;
} header;
static volatile uint8_t status;

static void put8(unsigned offset, uint8_t value)
{
	*(volatile uint8_t *)(common + offset) = value;
}

static void put16(unsigned offset, uint16_t value)
{
	*(volatile uint16_t *)(common + offset) = value;
}

static void put_address(unsigned offset, uint64_t address)
{
	write32(common + offset, (uint32_t)address);
	write32(common + offset + 4, (uint32_t)(address >> 32));
}

static void virtio_find(unsigned function)
{
	unsigned at = config_read(function, 0x34) & 0xfc;

	for (unsigned i = 0; i < 48 && at != 0; i++) {
		uint32_t first = config_read(function, at);
		uint32_t bar = config_read(function, at + 4) & 0xff;
		uint64_t where;

		if ((first & 0xff) == CAPABILITY_VENDOR && (first >> 24 == COMMON || first >> 24 == NOTIFY)) {
			where = device_start(function, bar) + config_read(function, at + 8);
			*(first >> 24 == COMMON ? &common : &notify) = where;
		}
		at = first >> 8 & 0xfc;
	}
}

/* Anew before each request: a device that cannot reach its ring wants a reset. */
static void virtio_begin(uint64_t ring)
{
	put8(STATUS, 0);
	while (*(volatile uint8_t *)(common + STATUS) != 0)
		__asm__ volatile("pause");
	memset((void *)(uintptr_t)available, 0, sizeof(available));
	memset((void *)(uintptr_t)used, 0, sizeof(used));
	put8(STATUS, 3);
	write32(common + FEATURE_SELECT, 1);
	write32(common + FEATURES, 3); /* version 1, and addresses as the platform has them */
	write32(common + FEATURE_SELECT, 0);
	write32(common + FEATURES, 0);
	put8(STATUS, 11);
	put16(QUEUE_SELECT, 0);
	put16(QUEUE_SIZE, SIZE);
	put_address(QUEUE_DESCRIPTORS, (uint64_t)descriptors);
	put_address(QUEUE_DRIVER, (uint64_t)available);
	put_address(QUEUE_DEVICE, ring);
	put16(QUEUE_ENABLE, 1);
	put8(STATUS, 15);
}

/* Eight sectors between the disk and memory, the end told in a ring at that place. */
static void virtio_move_told(bool to_memory, uint64_t memory, uint64_t ring)
{
	virtio_begin(ring);
	header.type = to_memory ? IN : OUT;
	header.sector = SECTOR;
	status = 0xff;
	descriptors[0].address = (uint64_t)&header;
	descriptors[0].length = sizeof(header);
	descriptors[1].address = memory;
	descriptors[1].length = PAGE;
	descriptors[2].address = (uint64_t)&status;
	descriptors[2].length = 1;
	descriptors[0].flags = 1;
	descriptors[0].next = 1;
	descriptors[1].flags = to_memory ? 3 : 1;
	descriptors[1].next = 2;
	descriptors[2].flags = 2;
	available[2] = 0;
	available[1] = 1;
	*(volatile uint16_t *)notify = 0;
	for (unsigned i = 0; (used[0] >> 16) == 0 && i < polls_for(memory) && (ring == (uint64_t)used || i < POLLS_IN_VAIN); i++)
		__asm__ volatile("pause");
}

static void virtio_move(bool to_memory, uint64_t memory)
{
	virtio_move_told(to_memory, memory, (uint64_t)used);
}

/* The device counts what it has done in the ring, at 2, in a word that is 0 where nothing is. */
static void check_ring(void)
{
	uint64_t ring = ours_page(PAGE_VIRTIO) + PAGE / 2;

	virtio_move_told(true, (uint64_t)page, ring);
	page_fill(0);
	edu_fetch(ring, 64);
	check(page[0] != 0, "virtio has its ring in the hypervisor's memory", ring);
}

void virtio_write(uint64_t to)
{
	if (common != 0)
		virtio_move(true, to);
}

void check_virtio(void)
{
	static const struct dma_disk disk = { virtio_move, PAGE_VIRTIO, "virtio reaches the guest's memory",
					      "virtio writes the hypervisor's memory", "virtio reads the hypervisor's memory" };
	unsigned function = device_find(CLASS_STORAGE, ID_BLOCK);

	if (function == 256)
		return;
	virtio_find(function);
	if (!guest_check(common != 0 && notify != 0, "virtio has its structures", ""))
		return;
	check_disk(&disk);
	check_ring();
}
