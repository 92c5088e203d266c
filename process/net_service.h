/*
 * process/net_service.h: the network service (service/net_main.c), a program at CPL 3 that stays.
 */
#ifndef PROCESS_NET_SERVICE_H
#define PROCESS_NET_SERVICE_H

#include "rv/tunnel.h"

struct net_service_listener {
	void (*begins)(void); /* it is started, again or for the first time */
	void (*said)(uint32_t tag, const uint8_t *bytes, uint32_t nr_bytes);
};

/* Starts it, once. The configuration is on whole pages, which it keeps. 0, or what resident_create() gives. Context:
 * boot. */
int net_service_start(hpa_t config, uint64_t config_bytes, const struct tunnel_begin *begin,
		      const struct net_service_listener *listener);

/* Gives it a record, which is lost if there is no room or it is dead. Any lock may be held; a deadline_look() has to
 * follow. Context: exit. */
void net_service_give(enum tunnel_tag tag, const void *bytes, uint32_t nr_bytes);

#endif
