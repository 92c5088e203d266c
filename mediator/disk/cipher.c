/*
 * mediator/disk/cipher.c: which disks are encrypted, and what that makes of their requests.
 */
#include "mediator/disk/cipher.h"

#include "core/log.h"
#include "core/string.h"
#include "crypt/volume_key.h"
#include "mediator/disk/discard.h"
#include "mediator/disk/disk.h"
#include "mediator/disk/nvme_regs.h"
#include "mediator/disk/purpose.h"
#include "rv/errno.h"
#include "rv/kinds.h"

#define CIPHER_IV_BYTES 512

/* What a disk may be told besides: whatever it answers, no data of the guest's reach it. WRITE LOG is not among them,
 * since it can be SCT's way to write, nor is what nobody knows. */
#define CIPHER_HARMLESS                                                                                      \
	(RV_DISK_COMMAND_BIT(RV_DISK_COMMAND_IDENTIFY) | RV_DISK_COMMAND_BIT(RV_DISK_COMMAND_LOG_PAGE) |      \
	 RV_DISK_COMMAND_BIT(RV_DISK_COMMAND_GET_FEATURES) | RV_DISK_COMMAND_BIT(RV_DISK_COMMAND_SET_FEATURES) | \
	 RV_DISK_COMMAND_BIT(RV_DISK_COMMAND_SMART_READ) | RV_DISK_COMMAND_BIT(RV_DISK_COMMAND_SELF_TEST) |   \
	 RV_DISK_COMMAND_BIT(RV_DISK_COMMAND_POWER) | RV_DISK_COMMAND_BIT(RV_DISK_COMMAND_SEEK) |             \
	 RV_DISK_COMMAND_BIT(RV_DISK_COMMAND_VERIFY))

/* Of these, what names sectors by numbers that are the guest's, where those of the disk are others. */
#define CIPHER_NAMES_SECTORS                                                                                 \
	(RV_DISK_COMMAND_BIT(RV_DISK_COMMAND_SEEK) | RV_DISK_COMMAND_BIT(RV_DISK_COMMAND_VERIFY))

/* Written at boot only. */
static struct cipher_volume cipher_volumes[CIPHER_VOLUMES_MAXIMUM];
static unsigned cipher_nr_volumes;
static bool cipher_is_announced;

static uint64_t cipher_refused; /* purposes that were refused, a bit each: it is said once */

static uint64_t cipher_end_of(const struct cipher_volume *volume)
{
	uint64_t end = volume->first_sector + volume->sectors;

	return end < volume->first_sector ? UINT64_MAX : end;
}

int cipher_add(const struct cipher_volume *volume)
{
	if (cipher_nr_volumes == CIPHER_VOLUMES_MAXIMUM)
		return -RV_ENOSPC;
	for (unsigned i = 0; i < cipher_nr_volumes; i++) {
		const struct cipher_volume *other = &cipher_volumes[i];

		if (strcmp(other->serial, volume->serial) == 0 && other->namespace == volume->namespace &&
		    (other->front_sectors != 0 || volume->front_sectors != 0 ||
		     (other->first_sector < cipher_end_of(volume) && volume->first_sector < cipher_end_of(other))))
			return -RV_EEXIST;
	}
	if (volume->front_sectors != 0 && volume->first_sector != 0)
		return -RV_EINVAL;
	if (volume->serial[0] == '\0' || volume->namespace == 0 || volume->unit_bytes < CIPHER_IV_BYTES ||
	    volume->unit_bytes > PAGE_BYTES || (volume->unit_bytes & (volume->unit_bytes - 1)) != 0)
		return -RV_EINVAL;
	cipher_volumes[cipher_nr_volumes++] = *volume;
	return 0;
}

void cipher_announce(void)
{
	cipher_is_announced = true;
}

bool cipher_is_wanted(void)
{
	return cipher_nr_volumes != 0 || cipher_is_announced;
}

bool cipher_covers_serial(const char *serial)
{
	for (unsigned i = 0; i < cipher_nr_volumes; i++) {
		if (strcmp(cipher_volumes[i].serial, serial) == 0)
			return true;
	}
	return false;
}

/* A disk that does not say which it is may be any. */
static bool cipher_knows(uint32_t number, struct rv_disk_info *info)
{
	return disk_describe_number(number, info) && info->serial[0] != '\0';
}

bool cipher_covers(uint32_t number)
{
	struct rv_disk_info info;

	return cipher_is_wanted() && (!cipher_knows(number, &info) || cipher_covers_serial(info.serial));
}

static uint32_t cipher_namespace(uint32_t number)
{
	return number / RV_DISKS_A_BUS == RV_DISK_NVME ? number % RV_NVME_NAMESPACES + 1 : 1;
}

/* The next of that disk's, behind one of them; NULL: the first, or there is none any more. */
static const struct cipher_volume *cipher_next(const struct rv_disk_info *info, const struct cipher_volume *volume)
{
	for (volume = volume != NULL ? volume + 1 : cipher_volumes; volume < cipher_volumes + cipher_nr_volumes; volume++) {
		if (strcmp(volume->serial, info->serial) == 0 && volume->namespace == cipher_namespace(info->number))
			return volume;
	}
	return NULL;
}

bool cipher_has(const struct rv_disk_info *info)
{
	return cipher_next(info, NULL) != NULL;
}

/* The only one of a disk that has a header in front. */
static const struct cipher_volume *cipher_behind_front(const struct rv_disk_info *info)
{
	const struct cipher_volume *volume = cipher_next(info, NULL);

	return volume != NULL && volume->front_sectors != 0 ? volume : NULL;
}

uint64_t cipher_front(const struct rv_disk_info *info)
{
	const struct cipher_volume *volume = cipher_behind_front(info);

	return volume != NULL ? volume->front_sectors : 0;
}

/* Of a disk that is shorter than it was nothing is left. */
uint64_t cipher_guest_sectors(const struct rv_disk_info *info)
{
	const struct cipher_volume *volume = cipher_behind_front(info);
	uint64_t left;

	if (volume == NULL)
		return info->sectors;
	left = info->sectors > volume->front_sectors ? info->sectors - volume->front_sectors : 0;
	return left < volume->sectors ? left : volume->sectors;
}

static void cipher_refuse_as(struct request *request, enum rv_disk_reason reason, const char *why)
{
	uint64_t bit = RV_DISK_COMMAND_BIT(request->disk.purpose);
	char name[RV_DISK_NAME_BYTES];

	request->verdict = RV_VERDICT_DENY;
	request->refusal = reason;
	if (__atomic_fetch_or(&cipher_refused, bit, __ATOMIC_RELAXED) & bit)
		return;
	rv_disk_name(request->disk.number, name);
	log_warning("disk %s: a command (0x%x) is refused: %s", name, request->disk.command, why);
}

static void cipher_refuse(struct request *request, const char *why)
{
	cipher_refuse_as(request, RV_DISK_REASON_UNSUPPORTED, why);
}

/* Where a request and the range have sectors in common: true: from *first on, *sectors. */
static bool cipher_overlap(const struct cipher_volume *volume, const struct request_disk *disk, uint64_t *first,
			   uint64_t *sectors)
{
	uint64_t end = disk->lba + disk->sectors, volume_end = cipher_end_of(volume);

	*first = disk->lba > volume->first_sector ? disk->lba : volume->first_sector;
	if (end > volume_end)
		end = volume_end;
	*sectors = end > *first ? end - *first : 0;
	return *sectors != 0;
}

/* Changes the data, of which there are `bytes`, between the guest's form and the device's. Less data than sectors are
 * those that a controller's list has no room for: what there is is whole units. */
static int cipher_apply_one(struct request *request, const struct cipher_volume *volume, uint32_t sector_bytes,
			    uint64_t bytes, bool encrypt)
{
	uint64_t first, sectors, offset, end;
	int error = 0;

	if (!cipher_overlap(volume, &request->disk, &first, &sectors))
		return 0;
	offset = (first - request->disk.lba) * sector_bytes;
	end = offset + sectors * sector_bytes;
	end = end < bytes ? end : bytes;
	if (request->data_at == NULL || sector_bytes % volume->unit_bytes != 0 || end % volume->unit_bytes != 0)
		return -RV_EINVAL;
	for (uint64_t done = 0; error == 0 && offset + done < end;) {
		uint64_t iv = volume->iv + ((first - volume->first_sector) * sector_bytes + done) / CIPHER_IV_BYTES;
		size_t length_bytes;
		uint8_t *at = request->data_at(request, offset + done, &length_bytes);

		if (at == NULL)
			return -RV_ENOMEM;
		if (length_bytes > end - offset - done)
			length_bytes = end - offset - done;
		error = length_bytes % volume->unit_bytes != 0
				? -RV_EINVAL
				: crypt_sectors(volume->key, encrypt, at, length_bytes, volume->unit_bytes, iv);
		done += length_bytes;
	}
	return error;
}

static int cipher_apply(struct request *request, const struct rv_disk_info *info, bool encrypt)
{
	int error = 0;

	for (const struct cipher_volume *each = NULL; error == 0 && (each = cipher_next(info, each)) != NULL;)
		error = cipher_apply_one(request, each, info->sector_bytes, request->data_bytes, encrypt);
	return error;
}

/* Says which sectors of the device's it is about. `info` has what the guest has: no sum that is within it wraps. False:
 * it is refused. */
static bool cipher_place(struct request *request, const struct rv_disk_info *info)
{
	struct request_disk *disk = &request->disk;
	uint64_t front = cipher_front(info);
	bool is_beyond = front != 0 && (disk->lba > info->sectors || disk->sectors > info->sectors - disk->lba);

	/* A script can say more than fits the command, which would have the rest. */
	if (is_beyond || (disk->reach != 0 && (disk->lba > disk->reach || front + disk->sectors > disk->reach + 1 - disk->lba))) {
		cipher_refuse_as(request, RV_DISK_REASON_OUT_OF_RANGE, "it is beyond the end of the disk");
		return false;
	}
	disk->front = front;
	return true;
}

/* It goes to the device. */
static void cipher_write(struct request *request, const struct rv_disk_info *info)
{
	if (request->disk.lba + request->disk.sectors < request->disk.lba ||
	    request->data_bytes != (uint64_t)request->disk.sectors * info->sector_bytes ||
	    cipher_apply(request, info, true) != 0)
		cipher_refuse(request, "its data cannot be encrypted");
}

static bool cipher_touches(const struct request *request, const struct rv_disk_info *info)
{
	uint64_t first, sectors;

	for (const struct cipher_volume *each = NULL; (each = cipher_next(info, each)) != NULL;) {
		if (cipher_overlap(each, &request->disk, &first, &sectors))
			return true;
	}
	return false;
}

/* All ranges of a disk have to say that it passes. */
static bool cipher_passes_discards(const struct rv_disk_info *info)
{
	for (const struct cipher_volume *each = NULL; (each = cipher_next(info, each)) != NULL;) {
		if (!each->passes_discards)
			return false;
	}
	return true;
}

/* A discard's sectors stand in its data. */
static bool cipher_place_ranges(struct request *request, const struct rv_disk_info *info)
{
	uint32_t bus = request->disk.number / RV_DISKS_A_BUS;
	enum discard_format format = bus == RV_DISK_NVME     ? DISCARD_NVME
				     : bus == RV_DISK_VIRTIO ? DISCARD_VIRTIO
							     : DISCARD_ATA;
	uint64_t unit = bus == RV_DISK_VIRTIO ? info->sector_bytes / CIPHER_IV_BYTES : 1, front = cipher_front(info);

	return front == 0 || discard_shift(request, format, front * unit, info->sectors * unit);
}

static void cipher_discard(struct request *request, const struct rv_disk_info *info)
{
	if (request->disk.purpose == RV_DISK_COMMAND_WRITE_ZEROES || request->disk.purpose == RV_DISK_COMMAND_SANITIZE)
		cipher_refuse(request, "the disk is encrypted, and this writes to it what is no data of the guest's");
	else if (!cipher_passes_discards(info))
		request->verdict = RV_VERDICT_DROP;
	else if (!cipher_place_ranges(request, info))
		cipher_refuse_as(request, RV_DISK_REASON_OUT_OF_RANGE, "what it gives up is not all on the disk");
}

/* What says how large the disk is, past what Identify does, or makes it another size. */
static bool cipher_sizes(const struct request_disk *disk)
{
	uint32_t bus = disk->number / RV_DISKS_A_BUS;

	return (bus == RV_DISK_IDE || bus == RV_DISK_SATA) && ata_sizes((uint8_t)disk->command);
}

/* Ranges of sectors that have names, which is a feature of NVMe's. */
static bool cipher_names_ranges(const struct request_disk *disk)
{
	return disk->number / RV_DISKS_A_BUS == RV_DISK_NVME && (disk->argument & 0xff) == NVME_FEATURE_RANGES &&
	       (disk->purpose == RV_DISK_COMMAND_SET_FEATURES || disk->purpose == RV_DISK_COMMAND_GET_FEATURES);
}

/* The controller would write to memory that we do not follow. Identify says that it wants none. */
static bool cipher_lends_memory(const struct request_disk *disk)
{
	return disk->number / RV_DISKS_A_BUS == RV_DISK_NVME && disk->purpose == RV_DISK_COMMAND_SET_FEATURES &&
	       (disk->argument & 0xff) == NVME_FEATURE_HOST_MEMORY;
}

static void cipher_command(struct request *request, const struct rv_disk_info *info)
{
	uint64_t bit = RV_DISK_COMMAND_BIT(request->disk.purpose);

	if (!(bit & CIPHER_HARMLESS) || cipher_sizes(&request->disk) || cipher_lends_memory(&request->disk) ||
	    (info != NULL && cipher_front(info) != 0 &&
	     ((bit & CIPHER_NAMES_SECTORS) || cipher_names_ranges(&request->disk))))
		cipher_refuse(request, "the disk is encrypted, and this might be a way round that");
}

static void cipher_ask(struct request *request)
{
	struct rv_disk_info info;
	bool is_known = cipher_knows(request->disk.number, &info), awaits_end = false;

	if (is_known && !cipher_covers_serial(info.serial)) {
		request->cipher = NULL;
		return;
	}
	if (request->asked == RV_EVENT_DISK_COMMAND)
		cipher_command(request, is_known ? &info : NULL);
	else if (request->asked != RV_EVENT_DISK_FLUSH && !is_known)
		cipher_refuse(request, "which disk it is is not known, and some are encrypted");
	else if (request->asked != RV_EVENT_DISK_FLUSH && cipher_next(&info, NULL) == NULL)
		; /* another namespace of that controller */
	else if (request->asked == RV_EVENT_DISK_DISCARD)
		cipher_discard(request, &info);
	else if (request->asked != RV_EVENT_DISK_FLUSH && !cipher_place(request, &info))
		; /* refused */
	else if (request->asked == RV_EVENT_DISK_WRITE)
		cipher_write(request, &info);
	else if (request->asked == RV_EVENT_DISK_READ)
		awaits_end = cipher_touches(request, &info);
	if (!awaits_end)
		request->cipher = NULL;
}

/* The device has read it: nothing to do where it has failed. */
static void cipher_end(struct request *request)
{
	struct rv_disk_info info;

	request->cipher = NULL;
	if (request->data_bytes == 0)
		return;
	if (!cipher_knows(request->disk.number, &info) || cipher_apply(request, &info, false) != 0)
		cipher_refuse(request, "what was read cannot be decrypted");
}

static void cipher_step(struct request *request)
{
	if (request->kind == request->asked)
		cipher_ask(request);
	else
		cipher_end(request);
}

void cipher_begin(struct request *request)
{
	request->disk.front = 0;
	request->cipher = cipher_is_wanted() ? cipher_step : NULL;
}
