/*
 * syscall.h: the simulated hypervisor's only entry.
 */
#ifndef ENGINE_HOST_SYSCALL_H
#define ENGINE_HOST_SYSCALL_H

#include <stdint.h>

/* As int RV_SYSCALL_VECTOR (include/rv/abi.h). Does not return from RV_SYS_EXIT. */
int64_t host_syscall(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e);

struct mrb_state;
void mrb_ritevisor_host_gem_init(struct mrb_state *mrb);
void mrb_ritevisor_host_gem_final(struct mrb_state *mrb);

/* What the engine has asked for by RV_SYS_HEAP_GROW, where the runner knows (rv_statistics). */
extern uint64_t host_heap_bytes;

#endif
