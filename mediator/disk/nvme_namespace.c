/*
 * mediator/disk/nvme_namespace.c: what IDENTIFY tells (NVM Express 2.0c, 5.17.2; NVM command set 1.0c, 4.1.5): us
 * what disks there are, and the guest what it can use while we are between.
 */
#include "mediator/disk/nvme.h"

#include "core/log.h"
#include "core/string.h"
#include "mediator/disk/cipher.h"

/* Of a controller. */
#define NVME_ID_SERIAL 4
#define NVME_ID_SERIAL_BYTES 20
#define NVME_ID_MODEL 24
#define NVME_ID_MODEL_BYTES 40
#define NVME_ID_MDTS 77
#define NVME_ID_OACS 256
#define NVME_OACS_VIRTUALIZATION (1u << 7) /* functions of their own, past us */
#define NVME_OACS_DOORBELL_BUFFER (1u << 8)
#define NVME_OACS_SECURITY (1u << 0)
#define NVME_OACS_FORMAT (1u << 1)
#define NVME_OACS_FIRMWARE (1u << 2)
#define NVME_OACS_NAMESPACES (1u << 3)
#define NVME_ID_HOST_MEMORY 272 /* HMPRE and HMMIN: how much of the host's it wants */
#define NVME_ID_HOST_MEMORY_BYTES 8
#define NVME_ID_TOTAL_BYTES 280 /* and what is left for namespaces: 16 bytes each */
#define NVME_ID_SANITIZE 328
#define NVME_ID_ONCS 520
#define NVME_ONCS_COMPARE (1u << 0)
#define NVME_ONCS_WRITE_UNCORRECTABLE (1u << 1)
#define NVME_ONCS_WRITE_ZEROES (1u << 3)
#define NVME_ONCS_RESERVATIONS (1u << 5)
#define NVME_ONCS_HIGH_COPY (1u << 0) /* bit 8 */
#define NVME_ID_ENTRIES 512 /* sizes of those of queues, required and greatest */
#define NVME_ID_FUSES 522
#define NVME_ID_SGLS 536

/* Of a namespace. */
#define NVME_ID_SIZE 0
#define NVME_ID_CAPACITY 8
#define NVME_ID_USED 16
#define NVME_ID_BYTES 48 /* of 16 bytes; 0: not told */
#define NVME_ID_FORMATS 25 /* how many, less 1 */
#define NVME_ID_FORMAT 26
#define NVME_FORMAT_EXTENDED (1u << 4)
#define NVME_ID_FORMAT_TABLE 128
#define NVME_BLOCK_SHIFT_LEAST 9
#define NVME_BLOCK_SHIFT_MOST 16

static uint64_t nvme_id_number(const uint8_t *data, unsigned offset, unsigned length_bytes)
{
	uint64_t number = 0;

	memcpy(&number, data + offset, length_bytes);
	return number;
}

static void nvme_id_text(const uint8_t *data, unsigned offset, unsigned length_bytes, char *text)
{
	memcpy(text, data + offset, length_bytes);
	while (length_bytes != 0 && (text[length_bytes - 1] == ' ' || text[length_bytes - 1] == '\0'))
		length_bytes--;
	text[length_bytes] = '\0';
	for (unsigned i = 0; i < length_bytes; i++) {
		if (text[i] < ' ' || text[i] > '~')
			text[i] = '?';
	}
}

/* What would put other data on an encrypted disk than its guest's, or read them past us, is refused
 * (mediator/disk/cipher.h): the guest is told at once that there is none of it. */
static void nvme_hide_bypasses(uint8_t *data)
{
	data[NVME_ID_OACS] &= (uint8_t)~(NVME_OACS_SECURITY | NVME_OACS_FORMAT | NVME_OACS_FIRMWARE | NVME_OACS_NAMESPACES);
	memset(data + NVME_ID_HOST_MEMORY, 0, NVME_ID_HOST_MEMORY_BYTES);
	memset(data + NVME_ID_TOTAL_BYTES, 0, 32);
	memset(data + NVME_ID_SANITIZE, 0, 4);
	data[NVME_ID_ONCS] &= (uint8_t)~(NVME_ONCS_COMPARE | NVME_ONCS_WRITE_UNCORRECTABLE | NVME_ONCS_WRITE_ZEROES |
					 NVME_ONCS_RESERVATIONS);
	data[NVME_ID_ONCS + 1] &= (uint8_t)~NVME_ONCS_HIGH_COPY;
}

void nvme_identified_controller(struct nvme_controller *controller, uint8_t *data)
{
	uint16_t oacs = (uint16_t)nvme_id_number(data, NVME_ID_OACS, 2);
	char serial[sizeof(controller->serial)] = { 0 };

	nvme_id_text(data, NVME_ID_SERIAL, NVME_ID_SERIAL_BYTES, serial);
	if (memcmp(serial, controller->serial, sizeof(serial)) != 0 && controller->serial[0] != '\0') {
		nvme_forget_namespaces(controller); /* it is another, and nobody saw the place empty */
		if (controller->common.news != NULL)
			controller->common.news();
	}
	memcpy(controller->serial, serial, sizeof(serial));
	nvme_id_text(data, NVME_ID_MODEL, NVME_ID_MODEL_BYTES, controller->model);
	if (data[NVME_ID_MDTS] == 0 || data[NVME_ID_MDTS] > NVME_TRANSFER_SHIFT)
		data[NVME_ID_MDTS] = NVME_TRANSFER_SHIFT;
	controller->transfer_bytes = (uint32_t)NVME_PAGE_BYTES << data[NVME_ID_MDTS];
	oacs &= (uint16_t)~(NVME_OACS_VIRTUALIZATION | NVME_OACS_DOORBELL_BUFFER);
	oacs |= nvme_doorbells_fit(controller) ? NVME_OACS_DOORBELL_BUFFER : 0; /* ours, whatever the device has */
	memcpy(data + NVME_ID_OACS, &oacs, sizeof(oacs));
	data[NVME_ID_ENTRIES] = 0x66;
	data[NVME_ID_ENTRIES + 1] = 0x44;
	memset(data + NVME_ID_FUSES, 0, 2);
	memset(data + NVME_ID_SGLS, 0, 4);
	if (cipher_covers_serial(controller->serial))
		nvme_hide_bypasses(data);
}

static bool nvme_namespace_fill(struct nvme_namespace *namespace, const uint8_t *data)
{
	uint8_t chosen = data[NVME_ID_FORMAT], shift;
	const uint8_t *format;

	/* More than 16 formats have two more bits of the choice elsewhere. */
	format = data + NVME_ID_FORMAT_TABLE + 4 * ((chosen & 15) | (data[NVME_ID_FORMATS] > 15 ? chosen >> 1 & 0x30 : 0));
	shift = format[2];
	if (shift < NVME_BLOCK_SHIFT_LEAST || shift > NVME_BLOCK_SHIFT_MOST)
		return false;
	namespace->metadata_bytes = (uint16_t)nvme_id_number(format, 0, 2);
	namespace->is_extended = (chosen & NVME_FORMAT_EXTENDED) != 0;
	namespace->info.sector_bytes = 1u << shift;
	namespace->info.sectors = nvme_id_number(data, NVME_ID_SIZE, 8);
	return namespace->info.sectors != 0;
}

static void nvme_id_limit(uint8_t *data, unsigned offset, uint64_t most)
{
	if (nvme_id_number(data, offset, 8) > most)
		memcpy(data + offset, &most, sizeof(most));
}

/* A header in front is none of the guest's. */
static void nvme_hide_front(const struct nvme_namespace *namespace, uint8_t *data)
{
	if (!namespace->is_known || cipher_front(&namespace->info) == 0)
		return;
	nvme_id_limit(data, NVME_ID_SIZE, cipher_guest_sectors(&namespace->info));
	nvme_id_limit(data, NVME_ID_CAPACITY, cipher_guest_sectors(&namespace->info));
	nvme_id_limit(data, NVME_ID_USED, cipher_guest_sectors(&namespace->info));
	memset(data + NVME_ID_BYTES, 0, 16);
}

void nvme_identified_namespace(struct nvme_controller *controller, uint32_t number, uint8_t *data)
{
	struct nvme_namespace *namespace;
	bool was_known;

	if (number == 0 || number > RV_NVME_NAMESPACES)
		return;
	namespace = &controller->namespaces[number - 1];
	was_known = namespace->is_known;
	namespace->is_known = nvme_namespace_fill(namespace, data);
	namespace->info.number = nvme_disk_number(controller, number);
	memcpy(namespace->info.model, controller->model, sizeof(controller->model));
	memcpy(namespace->info.serial, controller->serial, sizeof(controller->serial));
	if (namespace->is_known && !was_known)
		log_info("disk nvme%un%u: %s, %lu sectors of %u bytes", controller->index, number, controller->model,
			 namespace->info.sectors, namespace->info.sector_bytes);
	if (namespace->is_known != was_known && controller->common.news != NULL)
		controller->common.news();
	nvme_hide_front(namespace, data);
}

const struct nvme_namespace *nvme_namespace_of(const struct nvme_controller *controller, uint32_t number)
{
	if (number == 0 || number > RV_NVME_NAMESPACES || !controller->namespaces[number - 1].is_known)
		return NULL;
	return &controller->namespaces[number - 1];
}

void nvme_forget_namespaces(struct nvme_controller *controller)
{
	for (unsigned i = 0; i < RV_NVME_NAMESPACES; i++)
		controller->namespaces[i].is_known = false;
}
