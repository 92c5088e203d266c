/*
 * process/syscall_msr.c: an engine's own reads and writes of MSRs, past all hooks but not past the guards
 * (vmm/msr_guard.c).
 *
 * It may write what is listed here, whose worst is a guest that runs slow, or wrong by itself. With
 * anything else the hypervisor runs, keeps time, holds the engine or the guest's state, or nobody knows
 * what it does.
 */
#include "process/syscall.h"

#include "process/user_memory.h"
#include "rv/errno.h"
#include "vmm/access.h"

struct msr_range {
	uint32_t first, last;
};

/* Intel's numbers below C0000000h (SDM v4), AMD's above (APM v2 appendix A). */
static const struct msr_range syscall_msrs_writable[] = {
	{ 0x48, 0x49 },		    /* SPEC_CTRL, PRED_CMD */
	{ 0x8b, 0x8b },		    /* BIOS_SIGN_ID */
	{ 0xc1, 0xc8 },		    /* PMC0 and on */
	{ 0xe1, 0xe2 },		    /* UMWAIT_CONTROL, PKG_CST_CONFIG_CONTROL */
	{ 0xe7, 0xe8 },		    /* MPERF, APERF */
	{ 0x10b, 0x10b },	    /* FLUSH_CMD */
	{ 0x122, 0x123 },	    /* TSX_CTRL, MCU_OPT_CTRL */
	{ 0x186, 0x18d },	    /* PERFEVTSEL0 and on */
	{ 0x199, 0x19c },	    /* PERF_CTL, CLOCK_MODULATION, THERM_INTERRUPT, THERM_STATUS */
	{ 0x1a0, 0x1a0 },	    /* MISC_ENABLE, some of whose bits are guarded */
	{ 0x1a2, 0x1a2 },	    /* TEMPERATURE_TARGET */
	{ 0x1a4, 0x1a4 },	    /* prefetchers */
	{ 0x1a6, 0x1a7 },	    /* OFFCORE_RSP */
	{ 0x1ad, 0x1af },	    /* TURBO_RATIO_LIMIT */
	{ 0x1b0, 0x1b2 },	    /* ENERGY_PERF_BIAS, PACKAGE_THERM_* */
	{ 0x1fc, 0x1fc },	    /* POWER_CTL */
	{ 0x280, 0x29f },	    /* MCi_CTL2 */
	{ 0x309, 0x310 },	    /* FIXED_CTR */
	{ 0x38d, 0x390 },	    /* FIXED_CTR_CTRL, PERF_GLOBAL_* */
	{ 0x400, 0x47f },	    /* machine check banks */
	{ 0x4c1, 0x4c8 },	    /* A_PMC */
	{ 0x610, 0x61f },	    /* power limits */
	{ 0x620, 0x621 },	    /* UNCORE_RATIO_LIMIT */
	{ 0x638, 0x642 },	    /* PP0, PP1 */
	{ 0x770, 0x777 },	    /* HWP */
	{ 0xc0000300, 0xc0000302 }, /* PerfCntrGlobal* */
	{ 0xc0002000, 0xc00023ff }, /* machine check banks */
	{ 0xc0010000, 0xc0010007 }, /* PERF_CTL, PERF_CTR */
	{ 0xc0010062, 0xc0010062 }, /* PSTATE_CTL */
	{ 0xc001011f, 0xc001011f }, /* VIRT_SPEC_CTRL */
	{ 0xc0010140, 0xc0010141 }, /* OSVW */
	{ 0xc0010200, 0xc001020b }, /* core counters */
	{ 0xc0010230, 0xc001023b }, /* cache counters */
	{ 0xc0010240, 0xc0010247 }, /* data fabric counters */
	{ 0xc00102b1, 0xc00102b3 }, /* CPPC */
};

static bool syscall_msr_is_writable(uint64_t msr)
{
	for (unsigned i = 0; i < ARRAY_LENGTH(syscall_msrs_writable); i++) {
		if (msr >= syscall_msrs_writable[i].first && msr <= syscall_msrs_writable[i].last)
			return true;
	}
	return false;
}

/* Reading these tells about the hypervisor, not about the guest. */
static bool syscall_msr_is_secret(uint64_t msr)
{
	return msr >= 0xc0010114 && msr <= 0xc001011b;
}

/* (msr, uint64_t *value) */
int64_t syscall_msr_read(struct process *process, struct exception_frame *frame)
{
	struct access access = syscall_access(process, ACCESS_MSR, frame->rdi, 8);

	if (frame->rdi > UINT32_MAX)
		return -RV_EFAULT;
	if (syscall_msr_is_secret(frame->rdi))
		return -RV_EPERM;
	access_perform_direct(&access);
	if (access.fault)
		return -RV_EFAULT;
	return user_copy_out(process, frame->rsi, &access.value, sizeof(access.value));
}

/* (msr, value) */
int64_t syscall_msr_write(struct process *process, struct exception_frame *frame)
{
	struct access access = syscall_access(process, ACCESS_MSR, frame->rdi, 8);

	if (frame->rdi > UINT32_MAX)
		return -RV_EFAULT;
	if (!syscall_msr_is_writable(frame->rdi))
		return -RV_EPERM;
	if (syscall_store(&access, frame->rsi) == ACCESS_DONE)
		return access.fault ? -RV_EPERM : 0;
	return access.fault ? -RV_EFAULT : 0;
}
