/*
 * mediator/disk/cipher.h: disks of which a range is encrypted: the guest has it in clear, the device never does. What
 * is written is encrypted when all hooks have let it pass, and what is read is decrypted before any of them sees it.
 *
 * Which disk and which range is the configuration's word, not the disk's, nor the guest's. Nothing falls through:
 * a disk that is not known, a command that would be a way round, a request that is odd, or a key that is gone, are
 * refused.
 */
#ifndef MEDIATOR_DISK_CIPHER_H
#define MEDIATOR_DISK_CIPHER_H

#include "mediator/request.h"
#include "rv/disk.h"

#define CIPHER_VOLUMES_MAXIMUM 8

struct cipher_volume {
	char serial[24];	/* of the disk: all of it, as disks say it without blanks at the end */
	uint32_t namespace;	/* of an NVMe controller's disks, from 1 on; others have 1 */
	uint64_t first_sector;	/* where the range begins, and how long it is, in sectors of the disk's own size; */
	uint64_t sectors;	/* UINT64_MAX: all behind the first */
	uint64_t front_sectors; /* of the device, before the guest's first: it has a header there, which the guest does
				   not reach. 0: the guest has all of it; else the range is all that the guest has */
	int key;		/* crypt/volume_key.h */
	uint32_t unit_bytes;	/* that are encrypted at a time: 512 to 4096, the disk's sector or a part of it */
	uint64_t iv;		/* of the first unit; it goes up by 1 each 512 bytes */
	bool passes_discards;	/* what the guest gives up can be seen on the disk; else it stays */
};

/* One more, also of the same disk. 0; -RV_ENOSPC; -RV_EINVAL; -RV_EEXIST: it shares sectors with another. Context: boot, before
 * disk_watch_encrypted(). */
int cipher_add(const struct cipher_volume *volume);

/* There will be some: all is as if there were one. Context: boot, before disk_find(). */
void cipher_announce(void);

/* Is any disk encrypted? Then all requests of all disks are looked at. */
bool cipher_is_wanted(void);

/* Is a part of the disk of that number encrypted, or can that not be known? Of a serial number, is it one of these
 * disks'? */
bool cipher_covers(uint32_t number);
bool cipher_covers_serial(const char *serial);

/* Of a disk as it describes itself: is it, or a part of it, encrypted? How many of its sectors stand before the guest's first, and how many the guest
 * has. */
bool cipher_has(const struct rv_disk_info *info);
uint64_t cipher_front(const struct rv_disk_info *info);
uint64_t cipher_guest_sectors(const struct rv_disk_info *info);

/* A request is made, and its disk is known by number: sees to it that request->cipher is set if there is need. */
void cipher_begin(struct request *request);

#endif
