/*
 * tests/guest/dma_ahci.c: a SATA disk that is told to read and write memory. Serial ATA AHCI 1.3.1; ATA8-ACS.
 */
#include "dma.h"
#include "guest.h"

#define CLASS_AHCI 0x010601u
#define PORTS_IMPLEMENTED 0x0c
#define PORT(number) (0x100 + 0x80 * (number))
#define PxCLB 0x00
#define PxFB 0x08
#define PxIS 0x10
#define PxCMD 0x18
#define PxCMD_ST 0x1u
#define PxCMD_FRE 0x10u
#define PxCMD_RUNNING 0xc000u
#define PxTFD 0x20
#define PxSIG 0x24
#define PxSERR 0x30
#define PxCI 0x38
#define SIGNATURE_ATA 0x101u
#define READ_DMA_EXT 0x25u
#define WRITE_DMA_EXT 0x35u
#define SECTOR 64u /* of an empty disk's */

static uint64_t port;
static uint32_t list[256] __attribute__((aligned(1024)));
static uint32_t received[64] __attribute__((aligned(256)));
static uint32_t table[64] __attribute__((aligned(128)));

static bool ahci_wait(uint32_t offset, uint32_t mask)
{
	for (unsigned i = 0; i < POLLS; i++) {
		if ((read32(port + offset) & mask) == 0)
			return true;
	}
	return guest_check(false, "ahci", "register 0x%x is 0x%x", offset, read32(port + offset));
}

/* Anew before each command: one that failed has stopped the port. */
static bool ahci_begin(void)
{
	write32(port + PxCMD, read32(port + PxCMD) & ~(PxCMD_ST | PxCMD_FRE));
	if (!ahci_wait(PxCMD, PxCMD_RUNNING))
		return false;
	write64(port + PxCLB, (uint64_t)list);
	write64(port + PxFB, (uint64_t)received);
	write32(port + PxSERR, ~0u);
	write32(port + PxIS, ~0u);
	write32(port + PxCMD, read32(port + PxCMD) | PxCMD_FRE);
	write32(port + PxCMD, read32(port + PxCMD) | PxCMD_ST);
	return ahci_wait(PxTFD, 0x88);
}

/* Eight sectors between the disk and memory. One that fails may have no end. */
static void ahci_move(bool to_memory, uint64_t memory)
{
	uint32_t command = to_memory ? READ_DMA_EXT : WRITE_DMA_EXT;

	if (!ahci_begin())
		return;
	table[0] = 0x8027u | command << 16;
	table[1] = 0x40000000u | SECTOR;
	table[2] = 0;
	table[3] = PAGE / 512;
	table[32] = (uint32_t)memory;
	table[33] = (uint32_t)(memory >> 32);
	table[34] = 0;
	table[35] = PAGE - 1;
	list[0] = 5u | (to_memory ? 0 : 0x40u) | 1u << 16;
	list[1] = 0;
	list[2] = (uint32_t)(uint64_t)table;
	list[3] = 0;
	write32(port + PxCI, 1);
	for (unsigned i = 0; i < polls_for(memory) && (read32(port + PxCI) & 1) != 0; i++)
		__asm__ volatile("pause");
}

void ahci_write(uint64_t to)
{
	if (port != 0)
		ahci_move(true, to);
}

void check_ahci(void)
{
	static const struct dma_disk disk = { ahci_move, PAGE_AHCI, "ahci reaches the guest's memory",
					      "ahci writes the hypervisor's memory", "ahci reads the hypervisor's memory" };
	unsigned function = device_find(CLASS_AHCI, 0x29228086);
	uint64_t registers;

	if (function == 256)
		return;
	registers = device_start(function, 5);
	for (unsigned i = 0; i < 32 && port == 0; i++) {
		if ((read32(registers + PORTS_IMPLEMENTED) >> i & 1) != 0 &&
		    read32(registers + PORT(i) + PxSIG) == SIGNATURE_ATA)
			port = registers + PORT(i);
	}
	if (!guest_check(port != 0, "ahci has a disk", ""))
		return;
	check_disk(&disk);
}
