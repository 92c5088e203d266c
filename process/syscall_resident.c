/*
 * process/syscall_resident.c: what services ask for.
 */
#include "core/entropy.h"
#include "core/string.h"
#include "process/resident_internal.h"
#include "process/syscall.h"
#include "process/user_memory.h"
#include "rv/errno.h"

/* (TSC) */
int64_t syscall_wait(struct process *process, struct exception_frame *frame)
{
	if (process->role != PROCESS_ROLE_RESIDENT)
		return -RV_ENOSYS;
	process->wait_tsc = frame->rdi;
	frame->rax = 0;
	process_stop_at(process, frame, PROCESS_STOP_WAITS);
}

/* (buffer, bytes) */
int64_t syscall_random(struct process *process, struct exception_frame *frame)
{
	uint64_t words[RESIDENT_RANDOM_BYTES / sizeof(uint64_t)];
	uint64_t length_bytes = frame->rsi;
	bool good = true;
	int error;

	if (process->role != PROCESS_ROLE_RESIDENT)
		return -RV_ENOSYS;
	if (length_bytes > sizeof(words))
		return -RV_E2BIG;
	for (size_t i = 0; i * sizeof(uint64_t) < length_bytes && good; i++)
		good = entropy_draw(&words[i]);
	error = good ? user_copy_out(process, frame->rdi, words, length_bytes) : -RV_EIO;
	memory_wipe(words, sizeof(words));
	return error;
}
