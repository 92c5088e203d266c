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
 * first virtio disk; "usb0" is the first stick that was found. */
enum rv_disk_bus { RV_DISK_IDE, RV_DISK_NVME, RV_DISK_SATA, RV_DISK_VIRTIO, RV_DISK_USB, RV_DISK_BUS_COUNT };

#define RV_NVME_NAMESPACES 8 /* a controller; those above have no name */
#define RV_NVME_CONTROLLERS (RV_DISKS_A_BUS / RV_NVME_NAMESPACES)
#define RV_SATA_PORTS 32
#define RV_SATA_CONTROLLERS (RV_DISKS_A_BUS / RV_SATA_PORTS)

#define RV_DISK_LAST (RV_DISK_BUS_COUNT * RV_DISKS_A_BUS - 1)

/* What commands are for, whatever the controller calls them: scripts say :read, :identify. What no controller's
 * table knows is unknown; so an allow-list is one of what is harmless. */
#define RV_DISK_COMMANDS(COMMAND)                                                                  \
	COMMAND(UNKNOWN, "unknown")                                                                \
	COMMAND(READ, "read")                                                                      \
	COMMAND(WRITE, "write")                                                                    \
	COMMAND(FLUSH, "flush")                                                                    \
	COMMAND(DISCARD, "discard")                                                                \
	COMMAND(WRITE_ZEROES, "write_zeroes")                                                      \
	COMMAND(WRITE_UNCORRECTABLE, "write_uncorrectable")                                        \
	COMMAND(VERIFY, "verify")                                                                  \
	COMMAND(COMPARE, "compare")                                                                \
	COMMAND(COPY, "copy")                                                                      \
	COMMAND(IDENTIFY, "identify")                                                              \
	COMMAND(LOG_PAGE, "log_page")                                                              \
	COMMAND(LOG_WRITE, "log_write")                                                            \
	COMMAND(GET_FEATURES, "get_features")                                                      \
	COMMAND(SET_FEATURES, "set_features")                                                      \
	COMMAND(SMART_READ, "smart_read")                                                          \
	COMMAND(SELF_TEST, "self_test")                                                            \
	COMMAND(POWER, "power")                                                                    \
	COMMAND(SEEK, "seek")                                                                      \
	COMMAND(SECURITY, "security")                                                              \
	COMMAND(FORMAT, "format")                                                                  \
	COMMAND(SANITIZE, "sanitize")                                                              \
	COMMAND(FIRMWARE, "firmware")                                                              \
	COMMAND(NAMESPACES, "namespaces")                                                          \
	COMMAND(RESERVATION, "reservation")                                                        \
	COMMAND(PACKET, "packet")                                                                  \
	COMMAND(VENDOR, "vendor")

enum rv_disk_command {
#define RV_DISK_COMMAND(constant, name) RV_DISK_COMMAND_##constant,
	RV_DISK_COMMANDS(RV_DISK_COMMAND)
#undef RV_DISK_COMMAND
	RV_DISK_COMMAND_COUNT,
};

/* As events have them, so that one clause is about several. */
#define RV_DISK_COMMAND_BIT(command) (UINT64_C(1) << (command))
#define RV_DISK_COMMAND_BITS (RV_DISK_COMMAND_BIT(RV_DISK_COMMAND_COUNT) - 1)

static inline const char *rv_disk_command_name(uint32_t command)
{
	static const char *const names[] = {
#define RV_DISK_COMMAND(constant, name) name,
		RV_DISK_COMMANDS(RV_DISK_COMMAND)
#undef RV_DISK_COMMAND
	};

	return command < RV_DISK_COMMAND_COUNT ? names[command] : "unknown";
}

/* Why a request is refused: its controller says it as near as it can. */
#define RV_DISK_REASONS(REASON)                                                                    \
	REASON(MEDIA_ERROR, "media_error")                                                         \
	REASON(WRITE_PROTECTED, "write_protected")                                                 \
	REASON(ABORTED, "aborted")                                                                 \
	REASON(UNSUPPORTED, "unsupported")                                                         \
	REASON(OUT_OF_RANGE, "out_of_range")                                                       \
	REASON(NO_ACCESS, "no_access")                                                             \
	REASON(INTERNAL, "internal")

enum rv_disk_reason {
	RV_DISK_REASON_NONE, /* what fits the command */
#define RV_DISK_REASON(constant, name) RV_DISK_REASON_##constant,
	RV_DISK_REASONS(RV_DISK_REASON)
#undef RV_DISK_REASON
	RV_DISK_REASON_COUNT,
};

static inline const char *rv_disk_reason_name(uint32_t reason)
{
	static const char *const names[] = {
		"",
#define RV_DISK_REASON(constant, name) name,
		RV_DISK_REASONS(RV_DISK_REASON)
#undef RV_DISK_REASON
	};

	return reason < RV_DISK_REASON_COUNT ? names[reason] : "";
}

/* With RV_VERDICT_DENY of a request: a reason, or a status as the controller has it; 0: no more is said. */
#define RV_REFUSAL_STATUS 0x10000u /* the lower half is a status, else a reason */
#define RV_REFUSAL_RETRY 0x20000u  /* the guest may try again, where a status can say so */
#define RV_REFUSAL_LOW 0xffffu

/* What RV_SYS_DISK_FAIL may be about: an event that a controller tells of by itself (NVM Express 2.0c, 5.2.1). */
#define RV_DISK_EVENT 0x80000000u
#define RV_DISK_EVENT_BITS 0xffff07u /* its type, information, and the log page that has more */

/* What RV_SYS_DISK tells. */
#define RV_DISK_ENCRYPTED 1u /* it, or a part of it, below the guest */

struct rv_disk_info {
	uint16_t number;
	uint16_t flags; /* RV_DISK_ENCRYPTED */
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
	} else if (bus == RV_DISK_USB) {
		at = rv_disk_append(name, at, "usb", index);
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
