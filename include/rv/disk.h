/*
 * include/rv/disk.h: disks as scripts know them: each has a number, and by that a name. The number says what
 * it hangs on, and where there, so it does not change with what else the machine has.
 */
#ifndef RV_DISK_H
#define RV_DISK_H

#include "rv/types.h"

#define RV_DISK_NAME_BYTES 16
#define RV_DISKS_A_BUS 64

/* In the order of their numbers. "ide0" is the master of the first channel, "ide1" its slave; "nvme0n1" is
 * namespace 1 of the first NVMe controller; "sata33" is port 1 of the second AHCI controller; "virtio0" is the
 * first virtio disk. */
enum rv_disk_bus { RV_DISK_IDE, RV_DISK_NVME, RV_DISK_SATA, RV_DISK_VIRTIO, RV_DISK_BUS_COUNT };

#define RV_NVME_NAMESPACES 8 /* a controller; those above have no name */
#define RV_NVME_CONTROLLERS (RV_DISKS_A_BUS / RV_NVME_NAMESPACES)
#define RV_SATA_PORTS 32
#define RV_SATA_CONTROLLERS (RV_DISKS_A_BUS / RV_SATA_PORTS)

#define RV_DISK_LAST (RV_DISK_BUS_COUNT * RV_DISKS_A_BUS - 1)

/* What RV_SYS_DISK tells. */
struct rv_disk_info {
	uint16_t number;
	uint16_t reserved;
	uint32_t sector_bytes;
	uint64_t sectors;
	char model[48], serial[24]; /* NUL-terminated, without blanks at the end */
};

static inline unsigned rv_disk_append(char *name, unsigned at, const char *text, uint32_t number)
{
	while (*text != '\0')
		name[at++] = *text++;
	if (number >= 10)
		name[at++] = (char)('0' + number / 10);
	name[at++] = (char)('0' + number % 10);
	return at;
}

/* Writes the name of a number up to RV_DISK_LAST. */
static inline void rv_disk_name(uint32_t number, char name[RV_DISK_NAME_BYTES])
{
	uint32_t bus = number / RV_DISKS_A_BUS, index = number % RV_DISKS_A_BUS;
	unsigned at = 0;

	if (bus == RV_DISK_IDE) {
		at = rv_disk_append(name, at, "ide", index);
	} else if (bus == RV_DISK_NVME) {
		at = rv_disk_append(name, at, "nvme", index / RV_NVME_NAMESPACES);
		at = rv_disk_append(name, at, "n", index % RV_NVME_NAMESPACES + 1);
	} else if (bus == RV_DISK_SATA) {
		at = rv_disk_append(name, at, "sata", index);
	} else if (bus == RV_DISK_VIRTIO) {
		at = rv_disk_append(name, at, "virtio", index);
	} else {
		name[at++] = '?';
	}
	name[at] = '\0';
}

/* The number of a name; RV_DISK_LAST + 1: no disk can have it. */
static inline uint32_t rv_disk_named(const char *wanted)
{
	uint32_t number = 0;

	for (; number <= RV_DISK_LAST; number++) {
		char name[RV_DISK_NAME_BYTES];
		unsigned at = 0;

		rv_disk_name(number, name);
		while (name[at] != '\0' && name[at] == wanted[at])
			at++;
		if (name[at] == wanted[at])
			break;
	}
	return number;
}

#endif
