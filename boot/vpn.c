/*
 * boot/vpn.c: see the header.
 */
#include "boot/vpn.h"

#include "boot/boot_info.h"
#include "boot/vpn_wish.h"
#include "core/instructions.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/string.h"
#include "core/time.h"
#include "mediator/net/tunnel.h"
#include "mediator/usb/usb.h"
#include "process/net_service.h"
#include "vmm/deadline.h"

#define VPN_PATIENCE_US 10000000 /* until the service has read its configuration */
#define VPN_FILE_BYTES_MAXIMUM KIB(64)
#define VPN_CLOCK_LEAST_SECONDS 1767225600 /* the year 2026: no clock that goes says less */

static hpa_t vpn_config;
static uint64_t vpn_config_bytes; /* whole pages */
static char vpn_why[TUNNEL_TEXT_BYTES + sizeof(vpn_wish.file) + 16];

static const char *vpn_say(const char *what)
{
	print_format(vpn_why, sizeof(vpn_why), "vpn=%s: %s", vpn_wish.file, what);
	return vpn_why;
}

const char *vpn_prepare(void)
{
	const struct boot_module *file = vpn_wish.is_wrong ? NULL : boot_find_file(vpn_wish.file);
	uint64_t nr_pages = file != NULL ? align_up(file->length_bytes, PAGE_BYTES) / PAGE_BYTES : 0;
	void *pages;

	tunnel_announce(net_service_give);
	if (vpn_wish.begin.roams)
		tunnel_allow_roaming();
	if (vpn_wish.is_wrong)
		return vpn_say("the option is not understood: vpn=FILE[,address=ADDRESS/PREFIX[,router=ADDRESS]][,roaming][,syslog=ADDRESS[:PORT]], once");
	if (file == NULL)
		return vpn_say("the loader has not brought the file");
	if (file->length_bytes == 0 || file->length_bytes > VPN_FILE_BYTES_MAXIMUM)
		return vpn_say("the file is empty, or too long");
	pages = memory_allocate_pages(nr_pages);
	if (pages == NULL)
		return vpn_say("no memory: give more with memory=64M");
	memset(pages, 0, nr_pages * PAGE_BYTES);
	memcpy(pages, memory_direct(file->data), file->length_bytes);
	memory_wipe(memory_direct(file->data), file->length_bytes);
	vpn_config = memory_physical(pages);
	vpn_config_bytes = nr_pages * PAGE_BYTES;
	vpn_wish.begin.config_bytes = (uint32_t)file->length_bytes;
	return NULL;
}

const char *vpn_start(struct vcpu *vcpu)
{
	static const struct net_service_listener listener = { tunnel_service_begins, tunnel_said, tunnel_changed };
	const char *why = tunnel_claim(vpn_wish.begin.mac);
	uint64_t end;

	if (why == NULL)
		why = usb_forbid_networks();
	if (why != NULL)
		return vpn_say(why);
	if (net_service_start(vpn_config, vpn_config_bytes, &vpn_wish.begin, &listener) != 0)
		return vpn_say("the network service cannot be started: is there enough memory (memory=64M)?");
	end = tsc_read() + time_tsc_of_us(VPN_PATIENCE_US);
	while (!tunnel_has_report(&why)) {
		if (tsc_read() > end)
			return vpn_say("the network service does not start");
		deadline_check(vcpu);
	}
	if (why[0] != '\0')
		return vpn_say(why);
	if (time_boot_seconds < VPN_CLOCK_LEAST_SECONDS)
		log_warning("vpn: the machine's clock says a year before 2026: a peer that has heard from us since does not answer");
	log_notice("vpn: what the guest sends leaves by %s, or not at all", vpn_wish.file);
	return NULL;
}
