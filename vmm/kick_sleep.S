/*
 * vmm/kick_sleep.S: how a parked CPU sleeps, and oversleeps no kick.
 */
/* void kick_sleep_unless(const uint32_t *signals): an NMI that comes in [kick_sleep_checked,
 * kick_sleep_done) goes on at kick_sleep_done (vmm/kick.c), so none is slept over. */
	.text
	.global kick_sleep_unless, kick_sleep_checked, kick_sleep_done
kick_sleep_unless:
	cmpl $0, (%rdi)
kick_sleep_checked:
	jne kick_sleep_done
	hlt
kick_sleep_done:
	ret
