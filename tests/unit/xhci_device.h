/*
 * tests/unit/xhci_device.h: an xHCI controller with USB devices behind it: commands, endpoint 0 of each slot, events. It reads
 * and writes memory as a controller may, and fails the test where that is the hypervisor's and not given to it
 * (disk_memory.h), and where what must not reach a device does.
 */
#ifndef TESTS_UNIT_XHCI_DEVICE_H
#define TESTS_UNIT_XHCI_DEVICE_H

#include "mediator/usb/xhci_regs.h"
#include "rv/types.h"

#define DEVICE_BASE UINT64_C(0xe0000000)
#define DEVICE_OPERATIONAL 0x40
#define DEVICE_RUNTIME 0x1000
#define DEVICE_DOORBELLS 0x2000
#define DEVICE_SLOTS 8
#define DEVICE_INTERRUPTERS 4
#define DEVICE_CONTEXT_BYTES 64
#define DEVICE_SAVE 0x100u /* of USBCMD: CSS */
#define DEVICE_RESTORE 0x200u /* CRS */

/* What is plugged into a port, which has the slot's number. */
enum stick_kind {
	STICK_GOOD,	 /* let in */
	STICK_BAD,	 /* a script says no */
	STICK_LIAR,	 /* says something else the second time */
	STICK_CHANGING,	 /* its interface is of another class the second time */
	STICK_RENAMED,	 /* has another serial number the second time */
	STICK_CUT,	 /* its configuration is shorter than it says */
	STICK_LONG,	 /* its configuration is as long as can be */
	STICK_MANY,	 /* has 255 configurations */
	STICK_LOOPING,	 /* a descriptor of length 0 */
	STICK_SILENT,	 /* never answers */
	STICK_MUTE,	 /* stalls when asked for strings */
	STICK_SMALL,	 /* gives 8 bytes of its descriptor, the first two times */
	STICK_KINDS,
};

struct stick {
	enum stick_kind kind;
	unsigned nr_asked;     /* for its descriptor of 18 bytes */
	unsigned nr_features;  /* that were set */
	unsigned nr_rung;      /* doorbells that are the mediator's */
	bool is_configured, was_touched; /* by a request that only one that is let in may get */
};

struct device_event {
	uint64_t parameter;
	uint32_t status, control;
};

extern struct stick sticks[DEVICE_SLOTS + 1];
extern uint32_t device_event_ring[8]; /* interrupter 0's registers: the guest's events, if a test writes these itself */
extern bool device_is_read; /* it was told how far events were read, and that it may interrupt again; cleared by who looks */
extern bool device_is_rung[DEVICE_SLOTS + 1][32]; /* by slot and endpoint; cleared by who looks */
extern bool device_runs; /* it says that commands are executed, and takes the address of others all the same, as one that has stopped since */
extern uint32_t device_stops; /* with which bits it was told to stop these */
extern bool device_is_configured[DEVICE_SLOTS + 1]; /* by Configure Endpoint */

extern bool device_refuses; /* to give a slot an address anew, and to set an endpoint to another place */
/* It is reset, and has not forgotten yet; NULL: nobody is there. */
extern void (*device_is_reset)(void);
/* The mediator rings that endpoint's doorbell; NULL: nobody is there. */
extern void (*device_bulk)(unsigned endpoint);
/* To an interrupter: 0, or the mediator's. */
void device_put_event(unsigned target, uint64_t parameter, uint32_t code, uint32_t length, uint32_t control);

void device_power_on(void);
uint32_t device_read(uint32_t offset);
/* `ours`: the mediator writes; else the guest. */
void device_write(uint32_t offset, uint32_t value, bool ours);
/* False: there is nothing that it could do. */
bool device_step(void);
/* The next event of the guest's, which has come to interrupter 0. */
bool device_event(struct device_event *event);
/* What a stick answers when it is asked for the nth time. Returns how long it is; 0: STALL. */
uint32_t stick_answer(const struct stick *stick, uint64_t setup, uint8_t *bytes);

#endif
