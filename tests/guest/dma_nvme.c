/*
 * tests/guest/dma_nvme.c: an NVMe controller that is told to describe itself to memory.
 */
#include "dma.h"
#include "guest.h"

#define CLASS_NVME 0x010802u

/* NVM Express 1.4, 3.1 */
#define NVME_CONFIGURATION 0x14
#define NVME_STATUS 0x1c
#define NVME_QUEUE_ATTRIBUTES 0x24
#define NVME_SUBMISSION 0x28
#define NVME_COMPLETION 0x30
#define NVME_DOORBELLS 0x1000
#define NVME_IDENTIFY 0x06

static uint64_t nvme;
static uint32_t submission[PAGE / 4] __attribute__((aligned(4096)));
static volatile uint32_t completion[PAGE / 4] __attribute__((aligned(4096)));

static bool nvme_ready(bool ready)
{
	for (unsigned i = 0; i < POLLS; i++) {
		if ((read32(nvme + NVME_STATUS) & 1) == ready)
			return true;
	}
	return guest_check(false, "nvme", "status 0x%x", read32(nvme + NVME_STATUS));
}

static bool nvme_begin(void)
{
	write32(nvme + NVME_CONFIGURATION, 0);
	if (!nvme_ready(false))
		return false;
	write32(nvme + NVME_QUEUE_ATTRIBUTES, 0x000f000f);
	write64(nvme + NVME_SUBMISSION, (uint64_t)submission);
	write64(nvme + NVME_COMPLETION, (uint64_t)completion);
	write32(nvme + NVME_CONFIGURATION, 0x00460001);
	return nvme_ready(true);
}

/* The controller describes itself to a page, fifteen times at most. False: it says that it failed. */
static bool nvme_identify(uint64_t to)
{
	static unsigned next;
	unsigned number = next++;
	uint32_t *command = &submission[number * 16];

	command[0] = NVME_IDENTIFY | number << 16;
	command[6] = (uint32_t)to;
	command[7] = (uint32_t)(to >> 32);
	command[10] = 1;
	write32(nvme + NVME_DOORBELLS, number + 1);
	for (unsigned i = 0; i < POLLS; i++) {
		if (completion[number * 4 + 3] >> 16 & 1)
			return completion[number * 4 + 3] >> 17 == 0;
	}
	return guest_check(false, "nvme", "it does not end");
}

void nvme_write(uint64_t to)
{
	if (nvme != 0)
		(void)nvme_identify(to);
}

void check_nvme(void)
{
	unsigned function = device_find(CLASS_NVME, 0);

	if (function == 256)
		return;
	nvme = device_start(function, 0);
	if (!nvme_begin())
		return;
	page_fill(0);
	guest_check(nvme_identify((uint64_t)page) && !page_is(0), "nvme reaches the guest's memory", "0x%lx",
		    page[0]);
	(void)nvme_identify(ours_page(PAGE_NVME)); /* QEMU's says that it did, if it could or not */
	edu_fetch(ours_page(PAGE_NVME), PAGE - 8);
	check(!page_is(0), "nvme writes the hypervisor's memory", ours_page(PAGE_NVME));
}
