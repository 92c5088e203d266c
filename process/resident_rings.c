/*
 * process/resident_rings.c: our ends of a service's rings. A service that runs on another CPU does what it likes to
 * the shared pages meanwhile (rv/ring.h).
 */
#include "core/string.h"
#include "process/resident_internal.h"
#include "rv/errno.h"

uint64_t resident_rings_bytes(const struct resident_program *program)
{
	uint64_t bytes = 0;

	for (unsigned i = 0; i < program->nr_rings; i++)
		bytes += program->rings[i].size_bytes;
	return bytes;
}

void resident_open_rings(struct resident *resident)
{
	const struct resident_program *program = resident->program;
	uint8_t *bytes = resident->rings_bytes;

	memset(resident->indices, 0, PAGE_BYTES);
	for (unsigned i = 0; i < program->nr_rings; i++) {
		struct resident_end *end = &resident->ends[i];

		spinlock_acquire(&end->lock);
		rv_ring_begin(&end->ring, &resident->indices[i], bytes, program->rings[i].size_bytes);
		end->is_open = true;
		spinlock_release(&end->lock);
		bytes += program->rings[i].size_bytes;
	}
}

void resident_close_rings(struct resident *resident)
{
	for (unsigned i = 0; i < resident->program->nr_rings; i++) {
		spinlock_acquire(&resident->ends[i].lock);
		resident->ends[i].is_open = false;
		spinlock_release(&resident->ends[i].lock);
	}
}

/* Under the end's lock, while it is open: another that is started later must not die of it. */
static void resident_mark_broken(struct resident *resident)
{
	__atomic_store_n(&resident->is_broken, true, __ATOMIC_RELAXED);
}

static int resident_put(struct resident_end *end, uint32_t tag, const void *head, uint32_t head_bytes, const void *bytes,
			uint32_t length_bytes)
{
	int error = rv_ring_open(&end->ring, tag, head_bytes + length_bytes);

	if (error != 0)
		return error;
	rv_ring_put(&end->ring, head, head_bytes);
	rv_ring_put(&end->ring, bytes, length_bytes);
	rv_ring_close(&end->ring);
	return 0;
}

int resident_write_two(struct resident *resident, unsigned ring, uint32_t tag, const void *head, uint32_t head_bytes,
		       const void *bytes, uint32_t length_bytes)
{
	struct resident_end *end = &resident->ends[ring];
	int error = -RV_EAGAIN;

	if (length_bytes > UINT32_MAX - head_bytes)
		return -RV_E2BIG;
	spinlock_acquire(&end->lock);
	if (end->is_open)
		error = resident_put(end, tag, head, head_bytes, bytes, length_bytes);
	if (error == -RV_EIO)
		resident_mark_broken(resident);
	spinlock_release(&end->lock);
	if (error == 0 || error == -RV_EIO)
		resident_wake(resident);
	return error == -RV_EIO ? -RV_EAGAIN : error;
}

int resident_write(struct resident *resident, unsigned ring, uint32_t tag, const void *bytes, uint32_t length_bytes)
{
	return resident_write_two(resident, ring, tag, "", 0, bytes, length_bytes);
}

int64_t resident_read(struct resident *resident, unsigned ring, uint32_t *tag, void *to, uint32_t room_bytes)
{
	struct resident_end *end = &resident->ends[ring];
	int64_t result = -RV_EAGAIN;
	bool wakes = false;

	spinlock_acquire(&end->lock);
	if (end->is_open) {
		result = rv_ring_read(&end->ring, tag, to, room_bytes);
		wakes = result == -RV_EIO || (result != -RV_EAGAIN && rv_ring_is_awaited(&end->ring));
	}
	if (result == -RV_EIO)
		resident_mark_broken(resident);
	spinlock_release(&end->lock);
	if (wakes)
		resident_wake(resident);
	return result == -RV_EIO ? -RV_EAGAIN : result;
}
