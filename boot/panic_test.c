/*
 * boot/panic_test.c: see the header.
 */
#include "boot/panic_test.h"

#include "core/cpu.h"
#include "core/instructions.h"
#include "core/layout.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/paging.h"

#define USER_ADDRESS UINT64_C(0x400000)
#define OPCODE_RET 0xc3

/* An address space with a page of CPL 3's, which holds RET. */
static void panic_test_enter_user_space(void)
{
	uint8_t *page = memory_allocate_page();
	hpa_t root = paging_create();

	if (page == NULL || root == 0 ||
	    paging_map(root, USER_ADDRESS, memory_physical(page), PAGING_USER | PAGING_WRITABLE) != 0)
		panic("no memory for the test");
	page[0] = OPCODE_RET;
	cr3_write(root);
}

/* So deep that it ends in practice never, and not in tail position: each call has its frame. */
static __attribute__((noinline)) uint64_t panic_test_recurse(volatile uint64_t *deeper)
{
	volatile uint64_t here = *deeper + 1;

	return here == 0 ? 0 : panic_test_recurse(&here) + here;
}

/* By INT 2, which uses the NMI's gate. */
static void panic_test_take_nmi(void)
{
	uint64_t nowhere = (uint64_t)(cpu_own_stack()->guard + sizeof(cpu_own_stack()->guard));

	__asm__ volatile("mov %%rsp, %%rbx; mov %0, %%rsp; int $2; mov %%rbx, %%rsp"
			 :
			 : "r"(nowhere)
			 : "rbx", "memory");
	panic("an NMI has a stack of its own");
}

_Noreturn void panic_test(enum panic_test which)
{
	volatile uint64_t depth = 0;

	switch (which) {
	case PANIC_TEST_READ_USER:
		panic_test_enter_user_space();
		(void)*(volatile uint8_t *)USER_ADDRESS;
		break;
	case PANIC_TEST_EXECUTE_USER:
		panic_test_enter_user_space();
		((void (*)(void))USER_ADDRESS)();
		break;
	case PANIC_TEST_STACK:
		(void)panic_test_recurse(&depth);
		break;
	case PANIC_TEST_WRITE_TEXT:
		*(volatile uint8_t *)panic_test = OPCODE_RET;
		break;
	case PANIC_TEST_NMI_STACK:
		panic_test_take_nmi();
		break;
	default:
		*(volatile uint8_t *)memory_direct(memory_reserved_start +
						   ((uint64_t)panic_test - HYPERVISOR_ADDRESS)) = OPCODE_RET;
		break;
	}
	panic("nothing refused test %u", which);
}
