/*
 * mediator/request.h: what a guest asks a device for, whatever the controller: a disk command, a packet, a
 * USB transfer. A mediator makes requests of a device's register traffic, offers them, and
 * does with them what was decided; hooks see them as events (docs/words.md).
 *
 * A request is its mediator's, who lets nobody else change it while it is offered. It can outlive the exit
 * that it came with: a hook has it wait, for a time or until its script decides. Then it goes on at an exit of
 * whatever CPU.
 */
#ifndef MEDIATOR_REQUEST_H
#define MEDIATOR_REQUEST_H

#include "hook/hook_hold.h"
#include "mediator/net/frame.h"
#include "hook/trace.h"
#include "rv/abi.h"
#include "rv/disk.h"
#include "rv/types.h"

struct request;
struct vcpu;

/* Copies a part of a request's data to or from `buffer`. 0; -RV_EAGAIN: it has none, or not yet; -RV_ERANGE:
 * beyond its end; -RV_ENOMEM; -RV_EFAULT: the guest's list of its memory is no good. */
typedef int (*request_data)(struct request *request, uint64_t offset, void *buffer,
			    size_t length_bytes, bool write);

/* Where a byte of the data stands in memory of ours, and in *length_bytes how many follow it there. NULL: as above. */
typedef uint8_t *(*request_data_at)(struct request *request, uint64_t offset, size_t *length_bytes);

struct request_disk {
	uint64_t lba;
	uint64_t front;	   /* sectors of the device's before the guest's first: cipher.c says so when it goes there */
	uint64_t reach;	   /* the last sector that the command has room for; 0: any */
	uint32_t sectors;
	uint16_t number;   /* of the disk (rv/disk.h) */
	uint16_t command;  /* as the controller has it */
	uint16_t status;   /* done: 0, or as the controller has it */
	uint16_t queue;	   /* of the guest's that it came by; 0 where there is one */
	bool is_forced;	   /* a write that is done when it is on the medium (FUA) */
	uint32_t argument; /* of commands beside reads and writes: what tells one use from another */
	enum rv_disk_command purpose; /* UNKNOWN: what it is offered as says it */
};

struct request_nic {
	uint64_t mac;
	uint16_t number;
};

struct request_usb {
	uint16_t number; /* of the device (rv/usb.h) */
	uint16_t vendor_id, product_id;
	uint8_t class_code, speed, port;
	/* Of transfers, as struct rv_event has them: */
	uint8_t endpoint, direction, type, interface, interface_class;
	uint8_t request_type, request_code;
	uint16_t value, index, status;
	uint32_t length;
};

struct request {
	uint32_t kind;		 /* enum rv_event_kind, what it is offered as; RV_EVENT_DISK_DONE, _USB_DONE at its end */
	uint32_t asked;		 /* the same, from its beginning to its end */
	enum rv_verdict verdict; /* what was decided last */
	uint32_t refusal;	 /* with DENY: RV_REFUSAL_*, 0: no more is said */
	bool changed;		 /* a field is not as the guest had it */
	bool data_changed;
	bool cannot_wait;	 /* to have it wait is an error of the hook's */
	bool is_spoiled;	 /* a hook has changed data, and has not ended yet */
	bool is_twice;		 /* the guest is to hear of its end twice, where a controller can say that */
	uint64_t handle;	 /* its number, which none has after it */
	uint64_t marks;		 /* engines that want to see its end, a bit each */
	uint64_t start_tsc;	 /* when the guest asked */
	uint64_t end_tsc;	 /* when the device was done */
	uint64_t data_bytes;	 /* that `data` gives now */
	request_data data;	 /* NULL: it has none */
	request_data_at data_at; /* likewise; network cards' have none */
	int (*resize)(struct request *request, uint64_t bytes); /* as RV_SYS_DATA_RESIZE; NULL: there is no way */
	uint64_t answer_bytes;	 /* of what the device is to give: hooks can give as much in its place; 0: no */
	bool is_answered;	 /* one has written that by `data`, before data_bytes is: DROP gives it to the guest */
	/* What it waited for is decided, as request->verdict says. Context: exit, of any CPU; without locks. */
	void (*resume)(struct request *request, struct vcpu *vcpu);
	/* It goes elsewhere: called when hooks have let it pass, and, if this is left set, before they are asked about its
	 * end (request->kind says which). May change the verdict. NULL: it does not. */
	void (*redirect)(struct request *request, struct vcpu *vcpu);
	/* The device has other data than the guest: called when it goes to the device, and, if this is left set, before
	 * anything else is done about its end. May change the verdict. NULL: it has the same. */
	void (*cipher)(struct request *request);
	uint32_t target; /* redirect's, as the next */
	const struct hook_owner *redirector;
	uint64_t after;		 /* the place of the last hook that was asked */
	struct hook_hold hold;
	union {
		struct request_disk disk;
		struct frame frame;	/* packets */
		struct request_nic nic; /* nic_attach */
		uint32_t vpn_peer;	/* vpn_up, vpn_down */
		struct request_usb usb;
	};
};

/* Is it one that is not to reach its device, whatever hooks say? NULL: there is none. */
extern bool (*request_forbids)(const struct request *request);

/* Begins a request: gives it a number. All else is the caller's. It does not wait. Context: exit. */
void request_begin(struct request *request, uint32_t kind);

/* Asks whoever hooks its kind. True: request->verdict says what becomes of it: PASS, DENY or DROP. False: it
 * waits; resume() will be called, perhaps has been already. Context: exit; without locks. */
bool request_offer(struct request *request, struct vcpu *vcpu);

/* Does anybody want to see it, or has it to be changed? */
static inline bool request_is_wanted(const struct request *request)
{
	return request->cipher != NULL || hook_wants_requests(request->kind);
}

/* Is there something to do at its end, whatever hooks there are? */
static inline bool request_has_sequel(const struct request *request)
{
	return request->marks != 0 || request->redirect != NULL || request->cipher != NULL || trace_wants(request->asked);
}

/* Does anybody want to see its end, whose events are of that kind? */
static inline bool request_is_awaited(const struct request *request, uint32_t done)
{
	return request_has_sequel(request) || hook_wants_requests(done);
}

/* And the data that were read? */
static inline bool request_is_read(const struct request *request, uint32_t done)
{
	return request_has_sequel(request) || hook_reads_requests(done);
}

/* The device does not want it any more: it was reset. True: it does not wait any longer, and resume() will not
 * be called. False: it did not wait, or not any more: whoever offers it, or resume(), finds out by other
 * means. Context: exit; under the device's lock. */
bool request_cancel(struct request *request);

/* For sources: has the request wait, as hook_hold_begin() does. */
void request_hold(struct request *request, const struct hook *hook, uint64_t us, bool delays);

#endif
