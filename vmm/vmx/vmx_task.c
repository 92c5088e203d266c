#include "vmm/vmx/vmx.h"
#include "core/log.h"
void vmx_handle_task_switch(struct vcpu *vcpu)
{
	panic("task switch %lx", vcpu->rip);
}
