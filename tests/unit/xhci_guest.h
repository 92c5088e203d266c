/*
 * tests/unit/xhci_guest.h: a guest's driver, with the mediator of xHCI between it and the controller (xhci_device.h). The test
 * says what hooks want (hook/hook.h), and what they say (request_offer()).
 */
#ifndef TESTS_UNIT_XHCI_GUEST_H
#define TESTS_UNIT_XHCI_GUEST_H

#include "mediator/usb/usb.h"
#include "mediator/usb/xhci.h"
#include "xhci_device.h"

#define RINGS MIB(1) /* the guest's: of commands, then two pages a slot */
#define RINGS_BYTES KIB(128)
#define COMMANDS RINGS
#define CONTEXT MIB(3)
#define BUFFER MIB(4)
#define SEGMENT_TRBS 9 /* with its link */

struct guest_ring {
	uint64_t segments[2];
	unsigned nr, segment, index;
	bool cycle;
};

extern struct xhci_controller *controller;
extern struct guest_ring guest_commands, guest_rings[DEVICE_SLOTS + 1];
extern uint8_t guest_mirror[RINGS_BYTES]; /* what the guest has written there */
extern bool guest_has_reset;		  /* its controller, since guest_begin() */
extern bool guest_is_register_scarce;	  /* one of eight claims fails */
extern bool guest_watches_disks;	  /* there are hooks of disks: sticks are followed as such */

extern bool guest_others_decide;	  /* what a script itself does another's hook would be asked about */

extern unsigned guest_nr_news, guest_nr_told; /* that disks are known, or gone; exits behind which somebody was told */

/* The controller is as at boot, with hooks, and then as the driver begins. */
void guest_begin(unsigned nr_pages);
void guest_reset(void);
/* No hooks any more: memory is what the guest has written. */
void guest_end(void);
void guest_grace_end(void);
/* All tests are over. */
void guest_free(void);

uint64_t guest_access(uint64_t address, uint64_t value, uint8_t width, bool write);
void guest_register(uint32_t offset, uint32_t value);
/* Of an interrupter's, what is read. */
uint32_t guest_register_read(uint32_t offset);

void guest_store_trb(uint64_t at, uint64_t parameter, uint32_t status, uint32_t control);
void guest_ring_init(struct guest_ring *ring, uint64_t first, uint64_t second);
/* Where the next TRB will be. */
uint64_t guest_ring_at(const struct guest_ring *ring);
/* As Linux does: the first of several gets its cycle bit last (`hold`). Returns where it is. */
uint64_t guest_ring_put(struct guest_ring *ring, uint64_t parameter, uint32_t status, uint32_t control, bool hold);

/* The completion of what is there; 0: there is none. */
struct device_event guest_await(uint64_t at);
uint32_t guest_command(uint64_t parameter, uint32_t control, struct device_event *event);
uint32_t guest_slot_command(enum xhci_trb_type type, unsigned slot, uint64_t parameter, uint32_t more);
/* A control transfer: its code, 0: it has not ended. */
uint32_t guest_control(unsigned slot, uint64_t setup, bool attack, bool take_back);
/* GET_DESCRIPTOR, as its setup packet. */
uint64_t guest_ask(unsigned type, unsigned number, unsigned length);
bool guest_give_address(unsigned slot, uint32_t more);

#endif
