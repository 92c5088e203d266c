/*
 * mediator/disk/virtio_learn.c: what a virtio disk says of itself (Virtual I/O Device Specification 1.2, 5.2.4).
 */
#include "mediator/disk/virtio_disk.h"

#include "core/log.h"
#include "core/string.h"
#include "mediator/disk/cipher.h"

static uint32_t virtio_block_bytes(const struct virtio_device *device)
{
	uint32_t bytes = virtio_config_get(device, VIRTIO_CONFIG_BLK_SIZE, 4);
	bool is_said = (virtio_features_offered(device) & VIRTIO_FEATURE_BLK_SIZE) != 0;

	return is_said && bytes >= VIRTIO_SECTOR_BYTES && bytes <= KIB(64) && (bytes & (bytes - 1)) == 0
		       ? bytes : VIRTIO_SECTOR_BYTES;
}

void virtio_learn(struct virtio_device *device)
{
	struct virtio_disk *disk = virtio_disk_of(device);
	static const char model[] = "Virtio block device";
	uint64_t capacity = virtio_config_get(device, VIRTIO_CONFIG_CAPACITY, 4) |
			    (uint64_t)virtio_config_get(device, VIRTIO_CONFIG_CAPACITY + 4, 4) << 32;
	bool was_known = disk->info.sector_bytes != 0;

	disk->info.sector_bytes = virtio_block_bytes(device);
	disk->block_sectors = disk->info.sector_bytes / VIRTIO_SECTOR_BYTES;
	disk->info.sectors = capacity / disk->block_sectors;
	disk->info.number = (uint16_t)(RV_DISK_VIRTIO * RV_DISKS_A_BUS + device->index);
	memcpy(disk->info.model, model, sizeof(model));
	if (!was_known && disk->common.news != NULL)
		disk->common.news();
	if (!was_known)
		log_info("disk virtio%u: %s, %lu sectors of %u bytes", device->index, disk->info.model,
			 disk->info.sectors, disk->info.sector_bytes);
}

void virtio_name(struct virtio_disk *disk, const uint8_t *id, uint64_t length_bytes)
{
	char *serial = disk->info.serial;

	if (length_bytes > VIRTIO_ID_BYTES)
		length_bytes = VIRTIO_ID_BYTES;
	memset(serial, 0, sizeof(disk->info.serial));
	for (uint64_t i = 0; i < length_bytes && id[i] != '\0'; i++)
		serial[i] = (char)(id[i] < ' ' || id[i] > '~' ? '?' : id[i]);
}

uint64_t virtio_disk_config_read(const struct virtio_device *device, uint64_t value, uint32_t at)
{
	const struct virtio_disk *disk = virtio_disk_of(device);
	uint64_t capacity = cipher_guest_sectors(&disk->info) * disk->block_sectors;

	if (cipher_front(&disk->info) != 0) {
		value = virtio_replace(value, at, VIRTIO_CONFIG_CAPACITY, (uint32_t)capacity);
		value = virtio_replace(value, at, VIRTIO_CONFIG_CAPACITY + 4, (uint32_t)(capacity >> 32));
	}
	value = virtio_clamp(device, value, at, VIRTIO_CONFIG_SEG_MAX, 4, VIRTIO_SEGMENTS);
	value = virtio_clamp(device, value, at, VIRTIO_CONFIG_NR_QUEUES, 2, VIRTIO_QUEUES_MAXIMUM);
	value = virtio_clamp(device, value, at, VIRTIO_CONFIG_DISCARD_SEG, 4, 1);
	value = virtio_clamp(device, value, at, VIRTIO_CONFIG_WRITE_ZEROES_SEG, 4, 1);
	return virtio_clamp(device, value, at, VIRTIO_CONFIG_SECURE_ERASE_SEG, 4, 1);
}
