/*
 * vmm/startup.h: the life of the guest's CPUs: they wait for their start, start, and have INITs.
 */
#ifndef VMM_STARTUP_H
#define VMM_STARTUP_H

#include "vmm/vcpu.h"

/* Makes a vCPU for each CPU but the boot CPU. 0 or -errno. Context: boot, on the boot CPU, after its vCPU
 * was made, before smp_start_others(). */
int startup_create(void);

/* On another CPU that has come to us: its vCPU waits for the guest's startup IPI. Returns if the CPU
 * cannot have one. Context: boot. */
void startup_wait_for_guest(struct cpu *cpu);

/* The same for a CPU that comes from the middle of what is to be its guest, and goes on there in this
 * state. */
void startup_continue(struct cpu *cpu, const struct cpu_state *state);

/* Watches for the guest's INITs and startup IPIs, where hardware does not deliver them within the guest.
 * fast: only until all CPUs run. 0 or -errno. Context: boot. */
int startup_init(bool fast);

/* Would an INIT that no CPU sends, a device's message, lead its CPU out of the guest? Context: boot, later. */
bool startup_misses_inits(void);

/* The other CPUs have been taken: where hardware would deliver startup IPIs at least at times, one that did
 * not come is kept from them, since it would start outside. 0 or -errno. Context: boot. */
int startup_guard_absent(void);

/* No CPU of the guest but this one goes on, or is started, until startup_let_others(). The others have had an INIT
 * then, and nothing of theirs is in their caches alone. False: one of them does not stop in time. Context: exit, on the
 * boot CPU. */
bool startup_stop_others(void);
void startup_let_others(void);

/* The machine has slept. The others come back by the page, and wait for the guest's startup IPIs; the state of the vCPU
 * is that after an INIT. What cannot be done resets the machine. Context: exit, on the boot CPU; the page is free, and
 * its contents are lost. */
void startup_restart_others(hpa_t low_page);
void startup_restart_vcpu(struct vcpu *vcpu);

/* The guest starts as UEFI firmware in these page tables: CPUs that are started from them are the
 * firmware's, and the OS will start them again. Context: boot. */
void startup_set_firmware(uint64_t cr3);

/* Before an entry into the guest, vcpu->in_guest set: the vCPU's signals are not 0. Returns when it runs, or
 * is to wait inside the guest. Context: exit. */
void startup_take_signals(struct vcpu *vcpu);

/* On a CPU that has exited: false, it runs. One that is parked inside its guest executes nothing there: whatever
 * made it do so, it waits again. Context: exit. */
bool startup_wait_again(struct vcpu *vcpu);

#endif
