/*
 * include/rv/disk.h: disks as scripts know them: each has a number, and by that a name. The number says what
 * it hangs on, and where there, so it does not change with what else the machine has.
 */
#ifndef RV_DISK_H
#define RV_DISK_H

#include "rv/types.h"

#define RV_DISK_NAME_BYTES 16
#define RV_DISKS_A_BUS 64

/* In the order of their numbers. "ide0" is the master of the first channel, "ide1" its slave. */
enum rv_disk_bus { RV_DISK_IDE, RV_DISK_BUS_COUNT };

#define RV_DISK_LAST (RV_DISK_BUS_COUNT * RV_DISKS_A_BUS - 1)

/* What RV_SYS_DISK tells. */
struct rv_disk_info {
	uint16_t number;
	uint16_t reserved;
	uint32_t sector_bytes;
	uint64_t sectors;
	char model[48], serial[24]; /* NUL-terminated, without blanks at the end */
};

static inline const char *rv_disk_bus_name(uint32_t bus)
{
	static const char *const names[RV_DISK_BUS_COUNT] = { [RV_DISK_IDE] = "ide" };

	return bus < RV_DISK_BUS_COUNT ? names[bus] : "?";
}

/* Writes the name of a number up to RV_DISK_LAST. */
static inline void rv_disk_name(uint32_t number, char name[RV_DISK_NAME_BYTES])
{
	const char *bus = rv_disk_bus_name(number / RV_DISKS_A_BUS);
	uint32_t index = number % RV_DISKS_A_BUS;
	unsigned at = 0;

	while (bus[at] != '\0') {
		name[at] = bus[at];
		at++;
	}
	if (index >= 10)
		name[at++] = (char)('0' + index / 10);
	name[at++] = (char)('0' + index % 10);
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
