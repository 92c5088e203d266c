/*
 * vmm/vmx/vmx_task.c: task switches, which exit on every CPU (Intel SDM v3 26.2).
 */
#include "vmm/vmx/vmx.h"

#include "core/log.h"

void vmx_handle_task_switch(struct vcpu *vcpu)
{
	panic("vmx: a task switch at RIP %lx is not emulated", vcpu->rip);
}
