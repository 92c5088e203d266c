/*
 * mediator/disk/nvme_prp.c: lists of memory (NVM Express 2.0c, 4.1.1): two addresses in a command, of which the
 * second may be where a list of the others begins. Only the first has an offset in its page. A list that fills its
 * page goes on where the last entry says.
 */
#include "mediator/disk/nvme.h"

#include "core/memory.h"
#include "rv/errno.h"
#include "vmm/guest_memory.h"

/* It ends: each entry but those that lead on, which are one a page, takes a page off what is left. */
static int nvme_prp_read_list(struct bounce *bounce, gpa_t at, uint64_t left_bytes)
{
	int error = at % sizeof(uint64_t) != 0 ? -RV_EINVAL : 0;

	while (error == 0 && left_bytes != 0) {
		bool leads_on = (at & PAGE_MASK) == PAGE_BYTES - sizeof(uint64_t) && left_bytes > PAGE_BYTES;
		uint64_t part = left_bytes < PAGE_BYTES ? left_bytes : PAGE_BYTES, entry;

		if (guest_memory_read(at, &entry, sizeof(entry)) != 0)
			return -RV_EFAULT;
		if ((entry & PAGE_MASK) != 0)
			return -RV_EINVAL;
		if (leads_on) {
			at = entry;
			continue;
		}
		error = bounce_add_segment(bounce, entry, part);
		left_bytes -= part;
		at += sizeof(entry);
	}
	return error;
}

int nvme_prp_read(struct bounce *bounce, uint64_t prp1, uint64_t prp2, uint64_t length_bytes)
{
	uint64_t first = PAGE_BYTES - (prp1 & PAGE_MASK);
	int error;

	if (prp1 % sizeof(uint32_t) != 0)
		return -RV_EINVAL;
	if (first >= length_bytes)
		return bounce_add_segment(bounce, prp1, length_bytes);
	error = bounce_add_segment(bounce, prp1, first);
	if (error != 0)
		return error;
	length_bytes -= first;
	if (length_bytes > PAGE_BYTES)
		return nvme_prp_read_list(bounce, prp2, length_bytes);
	return (prp2 & PAGE_MASK) != 0 ? -RV_EINVAL : bounce_add_segment(bounce, prp2, length_bytes);
}

void nvme_prp_write(struct nvme_command *command, const struct bounce *bounce, uint64_t *list, bool pages)
{
	uint32_t count = pages ? bounce->nr_pages : bounce->nr_segments;
	uint64_t prps[2] = { 0 };

	for (uint32_t i = 0; i < count; i++) {
		uint64_t address = pages ? memory_physical(bounce->pages[i]) : bounce->segments[i].address;

		if (i == 0)
			prps[0] = address;
		else
			list[i - 1] = address;
	}
	if (count > 1)
		prps[1] = count == 2 ? list[0] : memory_physical(list);
	for (unsigned i = 0; i < 2; i++) {
		command->words[NVME_WORD_PRP1 + 2 * i] = (uint32_t)prps[i];
		command->words[NVME_WORD_PRP1 + 2 * i + 1] = (uint32_t)(prps[i] >> 32);
	}
}
