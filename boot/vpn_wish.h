/*
 * boot/vpn_wish.h: what the option vpn= says, for boot/vpn.c.
 */
#ifndef BOOT_VPN_WISH_H
#define BOOT_VPN_WISH_H

#include "rv/abi.h"
#include "rv/tunnel.h"

struct vpn_wish {
	bool is_given, is_wrong;
	char file[RV_SCRIPT_NAME_BYTES];
	struct tunnel_begin begin;
};
extern struct vpn_wish vpn_wish;

#endif
