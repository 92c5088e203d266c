/*
 * vmm/svm/svm_init.h: INITs that the CPU turns into exits and exceptions. For assembly too.
 */
#ifndef VMM_SVM_SVM_INIT_H
#define VMM_SVM_SVM_INIT_H

/* What svm_take_init() says of what the exception interrupted. */
#define SVM_INTERRUPTED_CODE 0	 /* anything: return to it */
#define SVM_INTERRUPTED_INIT 1	 /* the exception's own entry */
#define SVM_INTERRUPTED_NMI 2	 /* the entry of NMIs */
#define SVM_INTERRUPTED_RETURN 3 /* the return of one of these */

#define SVM_FRAME_VECTOR_OFFSET 120 /* in struct exception_frame */

#ifndef __ASSEMBLER__
#include "rv/types.h"

struct exception_frame;

/* Does this CPU, the boot CPU, do so? If so, all are to. Context: boot, before the others come. */
bool svm_can_redirect_inits(void);
bool svm_redirects_inits(void);
/* Does it, and this CPU does not? Context: boot. */
bool svm_lacks_redirect(void);

/* From now on, on this CPU. For the entries to work, GIF can be cleared (EFER.SVME). Context: boot. */
void svm_begin_redirect(bool is_boot_cpu);

/* #SX has come. Context: irq, GIF 0. */
uint64_t svm_take_init(struct exception_frame *frame);
#endif

#endif
