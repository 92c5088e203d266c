/*
 * mediator/net/e1000_find.c: the machine's cards of Intel's that we know, for nic.c, and the claims of their registers.
 */
#include "core/log.h"
#include "core/memory.h"
#include "core/paging.h"
#include "core/string.h"
#include "mediator/net/e1000.h"
#include "mediator/net/nic.h"
#include "rv/errno.h"
#include "vmm/pci_function.h"

static struct e1000 *e1000_cards[RV_NICS_MAXIMUM];
static unsigned e1000_nr_cards;

struct e1000 *e1000_at(unsigned position)
{
	return position < e1000_nr_cards ? e1000_cards[position] : NULL;
}

static struct pci_follower e1000_follower(struct e1000 *card, uint8_t number, uint64_t bytes,
					  enum access_result (*handler)(struct access *, int64_t, void *))
{
	return (struct pci_follower){
		.region = { .band = BAND_MEDIATOR },
		.function = card->nic->function,
		.number = number,
		.last = bytes - 1,
		.handler = handler,
		.context = card,
	};
}

/* The ports are in BAR 1 or 2, or are not there: the follower is then of none. */
static void e1000_find_ports(struct e1000 *card)
{
	struct pci_bar bar;

	card->ports.number = PCI_CONFIGURATION;
	for (uint8_t number = 1; number < PCI_BARS_MAXIMUM; number++) {
		if (pci_bar_get(card->nic->function, number, &bar) != 0 || !bar.port)
			continue;
		card->ports = e1000_follower(card, number, E1000_IO_BYTES, e1000_port_access);
		return;
	}
}

static void e1000_queues_init(struct e1000 *card)
{
	for (uint8_t i = 0; i < card->nr_queues; i++) {
		card->rx[i] = (struct e1000_queue){ .card = card, .number = i, .registers = E1000_RX + i * E1000_QUEUE_BYTES };
		card->tx[i] = (struct e1000_queue){ .card = card, .number = i, .is_tx = true,
						    .registers = E1000_TX + i * E1000_QUEUE_BYTES };
		card->rx[i].last = &card->rx[i].first;
		card->tx[i].last = &card->tx[i].first;
	}
}

/* A register before there is a claim; all ones: it is out of reach. */
static uint32_t e1000_peek(const struct nic *nic, uint32_t offset)
{
	struct pci_bar bar;

	if (pci_bar_get(nic->function, 0, &bar) != 0 || !bar.decoded || bar.address + E1000_REGISTERS_END > paging_direct_bytes)
		return UINT32_MAX;
	return (uint32_t)mmio_hardware_read(bar.address + offset, 4);
}

static bool e1000_find(struct nic *nic, uint32_t ids)
{
	size_t nr_pages = align_up(sizeof(struct e1000), PAGE_BYTES) / PAGE_BYTES;
	struct pci_bar bar;
	struct e1000 *card;

	if ((ids & 0xffff) != E1000_VENDOR || (ids >> 16 != E1000_ID_82540EM && ids >> 16 != E1000_ID_82574L))
		return false;
	if (pci_bar_get(nic->function, 0, &bar) != 0 || bar.port)
		return false;
	card = memory_allocate_pages(nr_pages);
	if (card == NULL)
		return false;
	card->nic = nic;
	card->is_82574 = ids >> 16 == E1000_ID_82574L;
	card->nr_queues = card->is_82574 ? E1000_QUEUES_MAXIMUM : 1;
	card->memory = e1000_follower(card, 0, E1000_REGISTERS_END, e1000_memory_access);
	e1000_find_ports(card);
	e1000_queues_init(card);
	e1000_learn_mac(card, e1000_peek(nic, E1000_RAL), e1000_peek(nic, E1000_RAH));
	nic->device = card;
	nic->lock = &card->lock;
	e1000_cards[e1000_nr_cards++] = card;
	e1000_watch_interrupts();
	return true;
}

/* Claims --------------------------------------------------------------------------------------------- */

static void e1000_unfollow(struct e1000 *card)
{
	pci_unfollow(&card->memory);
	if (card->ports.number != PCI_CONFIGURATION)
		pci_unfollow(&card->ports);
}

static int e1000_follow(struct e1000 *card)
{
	int error = pci_follow(&card->memory);

	if (error == 0 && card->ports.number != PCI_CONFIGURATION) {
		error = pci_follow(&card->ports);
		if (error != 0)
			pci_unfollow(&card->memory);
	}
	return error;
}

static int e1000_claim(struct nic *nic)
{
	struct e1000 *card = nic->device;
	int error;

	if (card->is_claimed)
		return 0;
	error = e1000_rings_take(card);
	if (error == 0)
		error = e1000_follow(card);
	if (error != 0) {
		e1000_rings_free(card);
		if (error == -RV_EINVAL)
			log_warning("nic%u: its registers lie above %lu GiB, out of our reach: no hook can have packets. "
				    "Firmware may have a setting for less (\"above 4G decoding\" off)", nic->number,
				    paging_direct_bytes >> 30);
		return error == -RV_EINVAL ? -RV_ENOTSUP : error;
	}
	card->is_claimed = true;
	e1000_attach(card);
	return 0;
}

void e1000_release_if_idle(struct e1000 *card)
{
	if (!card->is_claimed || nic_is_watched() || (card->is_attached && !e1000_detach(card)))
		return;
	e1000_unfollow(card);
	e1000_rings_free(card);
	card->is_claimed = false;
}

static void e1000_release(struct nic *nic)
{
	e1000_release_if_idle(nic->device);
}

static int e1000_transfer(struct nic *nic, const struct bounce *frame, bool to_guest)
{
	struct e1000 *card = nic->device;

	if (!card->is_attached)
		return -RV_EAGAIN;
	return to_guest ? e1000_rx_deliver(&card->rx[0], frame) : e1000_tx_transmit(&card->tx[0], frame);
}

static void e1000_describe(const struct nic *nic, struct rv_nic_info *info)
{
	const struct e1000 *card = nic->device;

	if (e1000_peek(nic, E1000_STATUS) & E1000_STATUS_LU)
		info->flags |= RV_NIC_LINK;
	info->flags |= card->is_attached && (card->rctl & E1000_RCTL_EN) ? RV_NIC_ATTACHED : 0;
	info->mac = card->mac;
}

const struct nic_class nic_e1000_class = {
	.name = "e1000",
	.find = e1000_find,
	.claim = e1000_claim,
	.release = e1000_release,
	.transfer = e1000_transfer,
	.describe = e1000_describe,
};
