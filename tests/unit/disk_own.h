/*
 * tests/unit/disk_own.h: commands of the hypervisor's own to a disk, amid all else: what they write to blocks that only
 * they write they read back.
 */
#ifndef TESTS_UNIT_DISK_OWN_H
#define TESTS_UNIT_DISK_OWN_H

#include "mediator/disk/disk_io.h"

#define DISK_OWN_BLOCKS 64 /* that only they write */

extern unsigned disk_own_nr_done, disk_own_nr_failed;

/* The disk holds zeros. */
void disk_own_begin(void);
/* Nobody knows what it holds. */
void disk_own_forget(void);
/* A read, a write or a flush of at most so many blocks, from `first` on. Returns what io() does, or -RV_ENOMEM.
 * is_checked: the disk is not written by others. */
int disk_own_do(int (*io)(struct disk_io *io), uint64_t first, uint32_t block_bytes, uint32_t most, bool is_checked);

#endif
