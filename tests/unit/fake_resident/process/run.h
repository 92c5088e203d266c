/*
 * tests/unit/fake_resident/process/run.h: stands before process/run.h for the services' unit test, which plays their
 * programs.
 */
#ifndef PROCESS_RUN_H
#define PROCESS_RUN_H

#include "process/process_internal.h"
#include "vmm/vcpu.h"

enum process_stop process_run(struct process *process, struct vcpu *vcpu, uint64_t budget_us, uint64_t ticks);

#endif
