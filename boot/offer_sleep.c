/*
 * boot/offer_sleep.c: see the header.
 */
#include "boot/offer_sleep.h"

#include "boot/encrypt.h"
#include "boot/encrypt_wake.h"
#include "boot/options.h"
#include "boot/policy.h"
#include "boot/uefi_entry.h"
#include "core/log.h"
#include "mediator/power/sleep.h"
#include "vmm/acpi_hide.h"

/* NULL, or why suspend to RAM stays away, though the option sleep= allows it. */
static const char *offer_sleep_allow(hpa_t low_page)
{
	const char *why = NULL;

	if (policy_is_wanted() && boot_options.sleep != SLEEP_ALLOW_POLICY)
		return "a policy is wanted, and who wakes the machine could take it away (sleep=policy accepts that)";
	if (boot_options.fast)
		return "with fast, what it takes can be moved away";
	if (encrypt_is_wanted() && boot_options.wipe_on_sleep)
		why = encrypt_wake_prepare();
	return why != NULL ? why : sleep_allow(low_page, !uefi_is_present());
}

static void offer_sleep_say(void)
{
	log_notice("suspend to RAM is allowed (sleep=): it trusts the firmware's code and tables, which lie "
		   "in memory that the guest can write, to come back to Ritevisor");
	if (!encrypt_is_wanted())
		return;
	if (boot_options.wipe_on_sleep)
		log_notice("the keys of encrypted disks are erased when the machine suspends, and the passphrase is asked "
			   "for when it wakes");
	else
		log_warning("suspend to RAM leaves the keys of encrypted disks in memory while the machine sleeps: "
			    "wipe_on_sleep erases them");
}

void offer_sleep(hpa_t low_page)
{
	const char *why = boot_options.sleep != SLEEP_DENY ? offer_sleep_allow(low_page) : NULL;
	bool allowed = boot_options.sleep != SLEEP_DENY && why == NULL;
	unsigned count = acpi_hide_sleep(allowed ? '2' : '3');

	if (why != NULL)
		log_warning("sleep=: suspend to RAM stays away: %s", why);
	if (allowed)
		offer_sleep_say();
	if (count != 0)
		log_info(allowed ? "no sleep but suspend to RAM: %u %s changed in the ACPI tables"
				 : "no suspend to RAM: %u %s changed in the ACPI tables", count,
			 count == 1 ? "name is" : "names are");
}
