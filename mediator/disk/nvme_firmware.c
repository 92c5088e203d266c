/*
 * mediator/disk/nvme_firmware.c: a controller that firmware's driver has in use when we start, as int 13h has disks. Where
 * its admin queues are stands in the controller's registers, but where others are nobody can ask it (NVM Express 2.0c,
 * 5.4, 5.5), so it is read in the driver's own records: those of SeaBIOS, whose admin queues have the same form, and are
 * known. They are believed as far as all of it fits: addresses of doorbells, sizes, what points at what, and the completions
 * that stand in the queues. The controller is disabled and enabled anew with queues of ours; the driver does not see that.
 */
#include "mediator/disk/nvme.h"

#include "core/instructions.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/string.h"
#include "core/time.h"
#include "rv/errno.h"
#include "vmm/guest_memory.h"

#define FIRMWARE_NEAR_BYTES KIB(256) /* of the admin queue: SeaBIOS has all that it allocates high in so much */
#define FIRMWARE_COMMAND_US 2000000
#define FIRMWARE_IO 1u /* the number of its other queue */

/* SeaBIOS's records, without gaps and at any address: struct nvme_sq, struct nvme_cq of its src/hw/nvme-int.h. */
struct firmware_sq {
	uint32_t doorbell;
	uint16_t mask;
	uint32_t ring, cq;
	uint16_t head, tail;
} __attribute__((packed));

struct firmware_cq {
	uint32_t doorbell;
	uint16_t mask;
	uint32_t ring;
	uint16_t head;
	uint8_t phase; /* the lowest bit */
} __attribute__((packed));
_Static_assert(sizeof(struct firmware_sq) == 18 && sizeof(struct firmware_cq) == 13, "as SeaBIOS has them");

static uint32_t firmware_doorbell(const struct nvme_controller *controller, uint32_t queue, bool completions)
{
	return (uint32_t)controller->base + NVME_DOORBELLS + (2 * queue + completions) * controller->doorbell_bytes;
}

static bool firmware_is_ring(uint32_t ring, uint32_t size, size_t entry_bytes)
{
	return size >= 2 && (size & (size - 1)) == 0 && (ring & PAGE_MASK) == 0 && memory_is_ram(ring, size * entry_bytes);
}

/* Has the driver taken all completions, and does it look for the next where that will be? */
static bool firmware_is_idle(const struct firmware_sq *sq, const struct firmware_cq *cq)
{
	uint32_t sq_size = sq->mask + 1u, cq_size = cq->mask + 1u, last = (cq->head + cq->mask) & cq->mask;
	bool phase = cq->phase & 1;
	struct nvme_completion next, before;
	gpa_t ring = cq->ring;

	if (cq->head >= cq_size || sq->tail >= sq_size ||
	    guest_memory_read(ring + cq->head * sizeof(next), &next, sizeof(next)) != 0 ||
	    guest_memory_read(ring + last * sizeof(before), &before, sizeof(before)) != 0)
		return false;
	if ((next.words[3] >> 16 & 1) == phase)
		return false;
	if (cq->head == 0 && phase && sq->tail == 0) /* nothing was done yet */
		return true;
	return (before.words[3] >> 16 & 1) == (cq->head == 0 ? !phase : phase) && (before.words[2] & 0xffff) == sq->tail;
}

/* Is a record of that queue there? */
static bool firmware_read_pair(const struct nvme_controller *controller, uint32_t queue, gpa_t at,
			       struct nvme_firmware_pair *pair)
{
	struct firmware_sq sq;
	struct firmware_cq cq;

	if (guest_memory_read(at, &sq, sizeof(sq)) != 0 || sq.doorbell != firmware_doorbell(controller, queue, false) ||
	    guest_memory_read(sq.cq, &cq, sizeof(cq)) != 0 || cq.doorbell != firmware_doorbell(controller, queue, true))
		return false;
	if (!firmware_is_ring(sq.ring, sq.mask + 1u, sizeof(struct nvme_command)) ||
	    !firmware_is_ring(cq.ring, cq.mask + 1u, sizeof(struct nvme_completion)) || !firmware_is_idle(&sq, &cq))
		return false;
	*pair = (struct nvme_firmware_pair){ .sq = sq.ring, .cq = cq.ring, .sq_size = sq.mask + 1u, .cq_size = cq.mask + 1u,
					     .tail = sq.tail, .head = cq.head, .phase = cq.phase & 1 };
	return true;
}

static bool firmware_find_in_page(const struct nvme_controller *controller, uint32_t queue, gpa_t page,
				  struct nvme_firmware_pair *pair)
{
	uint32_t wanted = firmware_doorbell(controller, queue, false), found;
	const uint8_t *bytes = memory_direct(page);

	for (uint32_t at = 0; at < PAGE_BYTES; at++) {
		if (at <= PAGE_BYTES - sizeof(found))
			memcpy(&found, bytes + at, sizeof(found));
		else if (guest_memory_read(page + at, &found, sizeof(found)) != 0)
			return false;
		if (found == wanted && firmware_read_pair(controller, queue, page + at, pair))
			return true;
	}
	return false;
}

static bool firmware_find_pair(const struct nvme_controller *controller, uint32_t queue, gpa_t near,
			       struct nvme_firmware_pair *pair)
{
	gpa_t first = near > FIRMWARE_NEAR_BYTES ? near - FIRMWARE_NEAR_BYTES : 0;

	for (gpa_t page = align_down(first, PAGE_BYTES); page < near + FIRMWARE_NEAR_BYTES; page += PAGE_BYTES) {
		if (memory_is_ram(page, PAGE_BYTES) && firmware_find_in_page(controller, queue, page, pair))
			return true;
	}
	return false;
}

static uint64_t firmware_register(const struct nvme_controller *controller, uint32_t offset)
{
	return nvme_read(controller, offset) | (uint64_t)nvme_read(controller, offset + 4) << 32;
}

void nvme_firmware_note(struct nvme_controller *controller)
{
	struct nvme_firmware *firmware = &controller->firmware;
	uint64_t asq, acq;

	if (!(nvme_read(controller, NVME_CC) & NVME_CC_EN) || controller->base > UINT32_MAX)
		return;
	firmware->aqa = nvme_read(controller, NVME_AQA);
	asq = firmware_register(controller, NVME_ASQ);
	acq = firmware_register(controller, NVME_ACQ);
	firmware->is_noted = firmware_find_pair(controller, 0, asq, &firmware->admin) && firmware->admin.sq == asq &&
			     firmware->admin.cq == acq && firmware->admin.sq_size == (firmware->aqa & NVME_AQA_SIZE) + 1 &&
			     firmware->admin.cq_size == (firmware->aqa >> 16 & NVME_AQA_SIZE) + 1 &&
			     firmware_find_pair(controller, FIRMWARE_IO, asq, &firmware->io);
}

/* Taking over ---------------------------------------------------------------------------------------- */

static void firmware_go_on(struct nvme_sq *sq, struct nvme_cq *cq, const struct nvme_firmware_pair *pair)
{
	sq->head = sq->tail = pair->tail;
	cq->head = cq->tail = pair->head;
	cq->phase = pair->phase;
}

/* A command that makes a queue, to its end. True: it is made. */
static bool firmware_do(struct nvme_slot *slot, const void *ring, uint32_t entries)
{
	struct nvme_controller *controller = slot->sq->controller;
	uint64_t end = tsc_read() + time_tsc_of_us(FIRMWARE_COMMAND_US);
	bool is_made;

	nvme_create(slot, ring, entries);
	while (slot->state == NVME_AT_DEVICE && tsc_read() < end) {
		if (!nvme_harvest(controller, controller->cqs[0], NULL))
			cpu_pause();
	}
	nvme_cq_taken(controller, controller->cqs[0]);
	if (slot->state == NVME_AT_DEVICE) {
		slot->is_awaited = false;
		return false;
	}
	is_made = (slot->completion.words[3] >> 17 & NVME_STATUS_CODE) == 0;
	if (is_made)
		nvme_queue_made(slot);
	nvme_slot_free(slot);
	return is_made;
}

static struct nvme_slot *firmware_slot(struct nvme_controller *controller, uint32_t opcode, uint32_t word11)
{
	struct nvme_slot *slot = nvme_slot_find(controller->sqs[0]);

	if (slot == NULL)
		return NULL;
	slot->request = (struct request){ 0 };
	slot->is_filler = slot->is_bounced = false;
	slot->is_own = slot->is_awaited = true;
	slot->identifier = UINT16_MAX;
	slot->command = (struct nvme_command){ { opcode, [10] = FIRMWARE_IO, word11 } };
	return slot;
}

static bool firmware_make_cq(struct nvme_controller *controller, const struct nvme_firmware_pair *pair)
{
	struct nvme_slot *slot = firmware_slot(controller, NVME_CREATE_CQ, NVME_QUEUE_CONTIGUOUS);

	if (slot == NULL)
		return false;
	slot->new_cq = nvme_cq_new(FIRMWARE_IO, pair->cq, pair->cq_size);
	if (slot->new_cq == NULL) {
		nvme_slot_free(slot);
		return false;
	}
	return firmware_do(slot, slot->new_cq->ring, NVME_CQ_ENTRIES);
}

static bool firmware_make_sq(struct nvme_controller *controller, const struct nvme_firmware_pair *pair)
{
	struct nvme_slot *slot = firmware_slot(controller, NVME_CREATE_SQ, FIRMWARE_IO << 16 | NVME_QUEUE_CONTIGUOUS);

	if (slot == NULL)
		return false;
	slot->new_sq = nvme_sq_new(controller, FIRMWARE_IO, controller->cqs[FIRMWARE_IO], pair->sq, pair->sq_size);
	if (slot->new_sq == NULL) {
		nvme_slot_free(slot);
		return false;
	}
	return firmware_do(slot, slot->new_sq->ring, NVME_SQ_ENTRIES);
}

static void firmware_put_address(const struct nvme_controller *controller, uint32_t offset, uint64_t address)
{
	nvme_write(controller, offset, (uint32_t)address);
	nvme_write(controller, offset + 4, (uint32_t)(address >> 32));
}

/* The registers have what the driver wrote, as for nvme_attach(). It is attached if that returns true, or could not make
 * the other queue. */
static bool firmware_set_up(struct nvme_controller *controller)
{
	const struct nvme_firmware *firmware = &controller->firmware;

	if (nvme_identify_early(controller) != 0)
		return false;
	nvme_write(controller, NVME_AQA, firmware->aqa);
	firmware_put_address(controller, NVME_ASQ, firmware->admin.sq);
	firmware_put_address(controller, NVME_ACQ, firmware->admin.cq);
	if (nvme_attach(controller) != 0)
		return false;
	firmware_go_on(controller->sqs[0], controller->cqs[0], &firmware->admin);
	if (!nvme_enable_early(controller, true) || !firmware_make_cq(controller, &firmware->io) ||
	    !firmware_make_sq(controller, &firmware->io))
		return false;
	firmware_go_on(controller->sqs[FIRMWARE_IO], controller->cqs[FIRMWARE_IO], &firmware->io);
	return true;
}

void nvme_firmware_take_over(struct nvme_controller *controller)
{
	if (!controller->firmware.is_noted)
		return;
	controller->firmware.is_noted = false;
	if (firmware_set_up(controller)) {
		log_info("nvme%u: the queues that firmware has go on", controller->index);
		return;
	}
	log_warning("nvme%u: what firmware has set up is such that it cannot go on", controller->index);
	if (nvme_enable_early(controller, false) && controller->is_attached)
		nvme_detach(controller);
}
