/*
 * vmm/flight.c: see the header. Each vCPU's `in_flight` and `moves` are written by its own CPU only.
 */
#include "vmm/flight.h"

#include "core/cpu.h"
#include "core/instructions.h"
#include "core/panic.h"

uint64_t flight_moves;

void flight_move(void)
{
	struct vcpu *vcpu = cpu_current()->vcpu;

	if (vcpu != NULL)
		vcpu->moves++;
	__atomic_add_fetch(&flight_moves, 1, __ATOMIC_SEQ_CST);
	for (uint32_t i = 0; i < cpus_count; i++) {
		const struct cpu *cpu = cpu_get(i);

		while (cpu != cpu_current() && cpu->vcpu != NULL &&
		       __atomic_load_n(&cpu->vcpu->in_flight, __ATOMIC_SEQ_CST)) {
			if (panic_is_elsewhere())
				cpu_stop();
			cpu_pause();
		}
	}
}
