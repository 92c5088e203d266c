/*
 * vmm/svm/svm_ops.h: the operations of the SVM back end, by the file that has them.
 */
#ifndef VMM_SVM_SVM_OPS_H
#define VMM_SVM_SVM_OPS_H

#include "vmm/vcpu.h"

extern const struct vcpu_operations svm_operations;

/* vmm/svm/svm_registers.c */
void svm_get_segment(struct vcpu *vcpu, enum segment which, struct segment_register *out);
void svm_set_segment(struct vcpu *vcpu, enum segment which, const struct segment_register *in);
uint64_t svm_get_control(struct vcpu *vcpu, unsigned number);
uint64_t svm_get_debug(struct vcpu *vcpu, unsigned number);
void svm_set_control(struct vcpu *vcpu, unsigned number, uint64_t value);
uint64_t svm_get_efer(struct vcpu *vcpu);
enum msr_result svm_read_msr(struct vcpu *vcpu, uint32_t msr, uint64_t *value);
enum msr_result svm_write_msr(struct vcpu *vcpu, uint32_t msr, uint64_t value);
void svm_hide_cpuid(uint32_t leaf, uint32_t registers[4]);
void svm_capture_state(struct vcpu *vcpu, const struct cpu_state *state);
unsigned svm_get_cpl(struct vcpu *vcpu);

/* vmm/svm/svm_run.c */
__attribute__((noreturn)) void svm_loop(struct vcpu *vcpu, void (*handle)(struct vcpu *vcpu));

/* vmm/svm/svm_event.c */
void svm_inject_exception(struct vcpu *vcpu, unsigned vector, int64_t error_code);
void svm_inject_interrupt(struct vcpu *vcpu, unsigned vector);
void svm_inject_single_step(struct vcpu *vcpu);
void svm_inject_breakpoints(struct vcpu *vcpu, unsigned hits);
bool svm_can_inject(struct vcpu *vcpu);
bool svm_can_interrupt(struct vcpu *vcpu);
void svm_want_interrupt_window(struct vcpu *vcpu, bool want);
void svm_want_interrupts(struct vcpu *vcpu, bool want);

/* vmm/svm/svm_step.c */
void svm_begin_step(struct vcpu *vcpu, const struct decoded_instruction *instruction);
void svm_end_step(struct vcpu *vcpu);
void svm_software_interrupt(struct vcpu *vcpu, const struct decoded_instruction *instruction);
void svm_halt(struct vcpu *vcpu);

/* vmm/svm/svm_idle.c */
bool svm_set_alarm(struct vcpu *vcpu);
void svm_idle(struct vcpu *vcpu);

/* vmm/svm/svm_stack_segment.c */
bool svm_load_stack_segment(struct vcpu *vcpu, uint16_t selector, struct guest_fault *fault);

/* vmm/svm/svm_nmi.c */
void svm_inject_nmi(struct vcpu *vcpu);
bool svm_can_inject_nmi(struct vcpu *vcpu);

#endif
