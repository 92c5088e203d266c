/*
 * mediator/usb/usb.h: the machine's USB devices, as hooks and scripts see them.
 */
#ifndef MEDIATOR_USB_H
#define MEDIATOR_USB_H

#include "rv/types.h"
#include "rv/usb.h"

/* Finds the controllers. Context: boot, before the guest. */
void usb_find(void);

/* One more hook of USB's events: with the first, the controllers' registers are claimed. 0, or what the registries say
 * (vmm/access.h); -RV_ENOTSUP: registers out of our reach. Context: boot, exit; under hook_table_lock, as the next. */
int usb_watch(void);
/* One less. With the last one nothing is claimed any more. */
void usb_unwatch(void);

/* From now on no device comes in by which packets could leave: networks, modems, radio, and what is known to its vendor alone, of
 * which most adapters are. NULL; or why that cannot be. Context: boot, behind usb_find(); once. */
const char *usb_forbid_networks(void);
/* NULL; or why such a device must not come in. */
const char *usb_forbids(const struct rv_usb_info *info);

/* As usb_watch() and usb_unwatch(), of hooks of transfers, each of which is one of the former too. */
int usb_watch_transfers(void);
void usb_unwatch_transfers(void);

/* What is known of an endpoint before it moves anything. */
struct rv_event;
struct request_usb;
void source_usb_fill_endpoint(struct rv_event *event, const struct request_usb *usb);

/* The device at a position, among those whose descriptors are known; false: there are not so many. Context: boot, exit;
 * under no lock but an owner's, as the next. */
bool usb_describe(uint32_t position, struct rv_usb_info *info);
/* The device's descriptors, and its configurations' behind them: copies a part. 0; -RV_ENOENT: no such device;
 * -RV_ERANGE: beyond the end. */
int usb_read(uint32_t number, uint32_t offset, void *buffer, size_t length_bytes);

#endif
