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
#include "core/panic.h"
#include "crypt/volume_key.h"
#include "crypt/xts.h"

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

/* tests/system/secrets.py knows the key: it stands in no program. */
static int panic_test_add_key(void)
{
	uint8_t key[XTS_KEY_BYTES_MAXIMUM];
	int number;

	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)(i * 73 + 41);
	number = crypt_key_add(key, sizeof(key));
	xts_erase(key, sizeof(key));
	if (number < 0)
		panic("no memory for the test");
	return number;
}

void panic_test_take_key(void)
{
	(void)panic_test_add_key();
}

/* The page behind the data is not there. */
static void panic_test_fault_in_cipher(void)
{
	(void)crypt_sectors(panic_test_add_key(), true, cpu_own_stack()->trouble, 2 * PAGE_BYTES, XTS_SECTOR_BYTES_MAXIMUM, 0);
}

/* For ever: whoever looks sends an NMI, or a machine check. */
static void panic_test_work_in_cipher(const char *what)
{
	static uint8_t data[KIB(64)];
	int key = panic_test_add_key();

	log_line(LOG_FATAL, "panic_by: %s stops this CPU", what);
	while (crypt_sectors(key, true, data, sizeof(data), XTS_SECTOR_BYTES_MAXIMUM, 0) == 0)
		continue;
}

_Noreturn void panic_test(enum panic_test which)
{
	static struct cpu other;
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
	case PANIC_TEST_CIPHER:
		panic_test_fault_in_cipher();
		break;
	case PANIC_TEST_CIPHER_STOPPED:
		/* Nobody else is there to panic. */
		panic_cpu = &other;
		panic_test_work_in_cipher("an NMI");
		break;
	case PANIC_TEST_CIPHER_CHECKED:
		panic_test_work_in_cipher("a machine check");
		break;
	default:
		*(volatile uint8_t *)memory_direct(memory_reserved_start +
						   ((uint64_t)panic_test - HYPERVISOR_ADDRESS)) = OPCODE_RET;
		break;
	}
	panic("nothing refused test %u", which);
}
