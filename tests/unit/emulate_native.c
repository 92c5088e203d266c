/*
 * tests/unit/emulate_native.c: every instruction form that is emulated, against the same bytes run by
 * this CPU on ordinary memory: registers, flags and memory must come out alike.
 */
#include "core/memory.h"
#include "core/paging.h"
#include "fake_machine.h"
#include "native.h"
#include "unit.h"
#include "vmm/mmio.h"

#define DATA_GPA FAKE_DEVICE_START
#define RAM_GPA MIB(4)
#define CODE_GPA MIB(2)
#define ROUNDS 300
#define FLAGS_COMPARED UINT64_C(0xcd5)

struct form {
	const uint8_t *bytes;
	uint64_t length_bytes;
	const char *text;
};

extern const struct form form_first[], form_last[];

#define FORM(text)                                                                                 \
	__asm__(".pushsection .rodata\n661: " text "\n662: .asciz \"" text "\"\n.popsection\n"     \
		".pushsection form_table, \"aw\"\n.quad 661b, 662b - 661b, 662b\n.popsection\n");

__asm__(".pushsection form_table, \"aw\"\nform_first:\n.popsection");

/* (%rbx) may straddle a page; %r12 is a small index, %r13 a bit number, %rcx a small count. */
#define FORM_WIDTHS(name, operands_b, operands_w, operands_l, operands_q)                          \
	FORM(name "b " operands_b)                                                                 \
	FORM(name "w " operands_w)                                                                 \
	FORM(name "l " operands_l)                                                                 \
	FORM(name "q " operands_q)
#define FORM_TO(name) FORM_WIDTHS(name, "%al, (%rbx)", "%dx, (%rbx)", "%r9d, (%rbx)", "%rbp, (%rbx)")
#define FORM_FROM(name) FORM_WIDTHS(name, "(%rbx), %al", "(%rbx), %dx", "(%rbx), %r9d", "(%rbx), %rbp")
#define FORM_IMM(name)                                                                             \
	FORM_WIDTHS(name, "$0x85, (%rbx)", "$0x8765, (%rbx)", "$0x87654321, (%rbx)",               \
		    "$-0x12345678, (%rbx)")                                                        \
	FORM(name "w $-3, (%rbx)")                                                                 \
	FORM(name "l $-3, (%rbx)")                                                                 \
	FORM(name "q $-3, (%rbx)")
#define FORM_ONE(name) FORM_WIDTHS(name, "(%rbx)", "(%rbx)", "(%rbx)", "(%rbx)")
#define FORM_ALU(name) FORM_TO(name) FORM_FROM(name) FORM_IMM(name) FORM("lock; " name "l %eax, (%rbx)")
#define FORM_ALU_READ(name) FORM_TO(name) FORM_IMM(name)
#define FORM_SHIFT(name)                                                                           \
	FORM_ONE(name)                                                                             \
	FORM_WIDTHS(name, "%cl, (%rbx)", "%cl, (%rbx)", "%cl, (%rbx)", "%cl, (%rbx)")              \
	FORM_WIDTHS(name, "$3, (%rbx)", "$17, (%rbx)", "$31, (%rbx)", "$63, (%rbx)")
#define FORM_BIT(name)                                                                             \
	FORM(name "w %r13w, (%rbx)")                                                               \
	FORM(name "l %r13d, (%rbx)")                                                               \
	FORM(name "q %r13, (%rbx)")                                                                \
	FORM(name "w $13, (%rbx)")                                                                 \
	FORM(name "l $29, (%rbx)")                                                                 \
	FORM(name "q $61, (%rbx)")
#define FORM_LOCK(name) FORM("lock; " name)
#define FORM_CONDITION(cc) FORM("cmov" cc "l (%rbx), %eax") FORM("cmov" cc "q (%rbx), %r10") FORM("set" cc " (%rbx)")

FORM_TO("mov")
FORM_FROM("mov")
FORM_IMM("mov")
FORM("movb %ah, (%rbx)")
FORM("movb (%rbx), %dh")
FORM("movb %sil, (%rbx)")
FORM("movb %r15b, (%rbx)")
FORM("movl %r14d, (%rbx, %r12, 4)")
FORM("movq 8(%rbx, %r12, 8), %rdx")
FORM("movl -128(%rbx), %edx")
FORM("movl 0x100(%ebx), %edx")
FORM("movl %eax, 0x10000040")
FORM("movb %al, 0x10000040")
FORM("movl 0x10000044, %r8d")
FORM("movabs 0x10000048, %eax")
FORM("movabs %rax, 0x10000048")
FORM("addr32 mov 0x10000048, %eax")
FORM("movl (0x10000050 - 0x200000a4)(%rip), %ecx")
FORM("cs movl (%rbx), %ecx")
FORM("movl (%r12, %rbx), %ecx")
FORM("movzbl (%rbx), %ecx")
FORM("movzbw (%rbx), %cx")
FORM("movzbq (%rbx), %rcx")
FORM("movzwl (%rbx), %r8d")
FORM("movzwq (%rbx), %r8")
FORM("movsbl (%rbx), %ecx")
FORM("movsbw (%rbx), %cx")
FORM("movsbq (%rbx), %rcx")
FORM("movswl (%rbx), %r8d")
FORM("movswq (%rbx), %r8")
FORM("movslq (%rbx), %r8")
FORM("movntil %eax, (%rbx)")
FORM("movntiq %rax, (%rbx)")
FORM("movbew (%rbx), %dx")
FORM("movbel (%rbx), %edx")
FORM("movbeq (%rbx), %rdx")
FORM("movbew %dx, (%rbx)")
FORM("movbel %edx, (%rbx)")
FORM("movbeq %rdx, (%rbx)")
FORM_ALU("add")
FORM_ALU("or")
FORM_ALU("adc")
FORM_ALU("sbb")
FORM_ALU("and")
FORM_ALU("sub")
FORM_ALU("xor")
FORM_ALU_READ("cmp")
FORM_FROM("cmp")
FORM_ALU_READ("test")
FORM_ONE("inc")
FORM_ONE("dec")
FORM_ONE("not")
FORM_ONE("neg")
FORM_LOCK("incl (%rbx)")
FORM_LOCK("notq (%rbx)")
FORM_SHIFT("rol")
FORM_SHIFT("ror")
FORM_SHIFT("rcl")
FORM_SHIFT("rcr")
FORM_SHIFT("shl")
FORM_SHIFT("shr")
FORM_SHIFT("sar")
FORM_BIT("bt")
FORM_BIT("bts")
FORM_BIT("btr")
FORM_BIT("btc")
FORM_LOCK("btsl %r13d, (%rbx)")
FORM_TO("xchg")
FORM_TO("xadd")
FORM_TO("cmpxchg")
FORM_LOCK("xaddl %eax, (%rbx)")
FORM_LOCK("cmpxchgq %rdx, (%rbx)")
FORM("cmpxchgl %eax, (%rbx)")
FORM_CONDITION("o")
FORM_CONDITION("no")
FORM_CONDITION("b")
FORM_CONDITION("ae")
FORM_CONDITION("e")
FORM_CONDITION("ne")
FORM_CONDITION("be")
FORM_CONDITION("a")
FORM_CONDITION("s")
FORM_CONDITION("ns")
FORM_CONDITION("p")
FORM_CONDITION("np")
FORM_CONDITION("l")
FORM_CONDITION("ge")
FORM_CONDITION("le")
FORM_CONDITION("g")
FORM("cmovaw (%rbx), %ax")
FORM("pushq (%rbx)")
FORM("pushw (%rbx)")
FORM("popq (%rbx)")
FORM("popw (%rbx)")
FORM("popq 16(%rsp)")
FORM("pushq 16(%rsp)")
FORM("callq *(%rbx)")
FORM("jmpq *(%rbx)")
FORM("movsb")
FORM("movsw")
FORM("movsl")
FORM("movsq")
FORM("rep movsb")
FORM("rep movsw")
FORM("rep movsl")
FORM("rep movsq")
FORM("addr32 rep movsl")
FORM("repne movsb")
FORM("stosb")
FORM("rep stosb")
FORM("rep stosw")
FORM("rep stosl")
FORM("rep stosq")
FORM("addr32 rep stosb")
FORM("lodsb")
FORM("lodsw")
FORM("lodsl")
FORM("lodsq")
FORM("rep lodsl")
FORM("cmpsb")
FORM("repe cmpsb")
FORM("repne cmpsb")
FORM("repe cmpsq")
FORM("repne cmpsw")
FORM("scasb")
FORM("repe scasb")
FORM("repne scasb")
FORM("repne scasl")

__asm__(".pushsection form_table, \"aw\"\nform_last:\n.popsection");

/* Guest pages of the data area: even ones claimed device memory, odd ones RAM or claimed as well. */
static gpa_t page_gpa[NATIVE_DATA_BYTES / PAGE_BYTES];
static unsigned handled;
static uint64_t code_address;

static enum access_result watch(struct access *access, void *context)
{
	(void)context;
	handled++;
	/* Half of the reads are fetched by the handler, the others by the registry. */
	if (!access->write && (handled & 1) != 0) {
		access->value = mmio_hardware_read(access->address, access->width_bytes);
		access->resolved = true;
	}
	return ACCESS_PASS;
}

static struct access_region region = {
	.first = DATA_GPA, .last = DATA_GPA + NATIVE_DATA_BYTES - 1, .handler = watch};

static void set_up_guest(bool all_claimed)
{
	fake_machine_reset();
	for (unsigned i = 0; i < ARRAY_LENGTH(page_gpa); i++) {
		/* Not contiguous, so that an operand that straddles pages tells. */
		unsigned scattered = i * 5 % ARRAY_LENGTH(page_gpa);

		page_gpa[i] = (all_claimed || i % 2 == 0 ? DATA_GPA : RAM_GPA) +
			      scattered * PAGE_BYTES;
		fake_map_page(NATIVE_DATA + i * PAGE_BYTES, page_gpa[i],
			      PAGING_PRESENT | PAGING_WRITABLE);
	}
	fake_map_page(NATIVE_CODE, CODE_GPA, PAGING_PRESENT);
}

/* The instruction and a seed for memory in place, both sides alike. */
static void set_up_state(struct native_state *start, bool branch, bool string, bool repeat)
{
	uint64_t *data = (uint64_t *)NATIVE_DATA;

	for (unsigned i = 0; i < NATIVE_DATA_BYTES / 8; i++)
		data[i] = string && unit_random() % 4 != 0 ? 0x4141414141414141 : unit_random();
	for (unsigned i = 0; i < 16; i++)
		start->gpr[i] = unit_random() % 3 == 0 ? unit_random() % 256 : unit_random();
	if (string && unit_random() % 2 == 0)
		start->gpr[GPR_RAX] = 0x4141414141414141;
	start->rflags = (unit_random() & 0x8d5) | 0x202 | (string ? unit_random() & 0x400 : 0);
	/* Operands around the end of the first page, now and then across it. */
	start->gpr[GPR_RBX] = NATIVE_DATA + PAGE_BYTES - 16 + unit_random() % 32;
	start->gpr[GPR_RSP] = NATIVE_DATA + 3 * PAGE_BYTES - 64 + unit_random() % 128;
	start->gpr[GPR_R12] = unit_random() % 8;
	start->gpr[GPR_R13] = (uint64_t)((int64_t)(unit_random() % 2000) - 1000);
	start->gpr[GPR_RCX] = repeat ? 1 + unit_random() % 300 : unit_random() % 80;
	if (string) {
		start->gpr[GPR_RSI] = NATIVE_DATA + 4 * PAGE_BYTES - 8 + unit_random() % 16;
		start->gpr[GPR_RDI] = NATIVE_DATA + 5 * PAGE_BYTES - 8 + unit_random() % 16;
		/* Sometimes the two overlap. */
		if (unit_random() % 4 == 0)
			start->gpr[GPR_RDI] = start->gpr[GPR_RSI] + unit_random() % 24;
	}
	if (branch)
		memcpy((void *)start->gpr[GPR_RBX], &code_address, 8);
}

static void copy_to_guest(const struct native_state *start)
{
	memcpy(fake_vcpu.gpr, start->gpr, sizeof(start->gpr));
	fake_vcpu.rflags = start->rflags;
	for (unsigned i = 0; i < ARRAY_LENGTH(page_gpa); i++)
		memcpy(memory_direct(page_gpa[i]), (void *)(NATIVE_DATA + i * PAGE_BYTES), PAGE_BYTES);
	memcpy(memory_direct(CODE_GPA), (void *)NATIVE_CODE, PAGE_BYTES);
}

/* Which claimed page does the instruction touch at its current registers? 0: none. The CPU tells in
 * real life; here all candidates are tried by a translation that must not change a thing. */
static bool emulate_somewhere(void)
{
	for (unsigned i = 0; i < ARRAY_LENGTH(page_gpa); i++) {
		uint64_t rip = fake_vcpu.rip;
		struct vcpu before = fake_vcpu;

		if (!mmio_is_claimed(page_gpa[i]))
			continue;
		fake_vcpu.exit.nested.gpa = page_gpa[i];
		if (!mmio_handle_fault(&fake_vcpu)) {
			unit_fail("fault was not taken");
			return false;
		}
		if (fake_vcpu.steps == 0 && fake_injections == 0)
			return true;
		if (fake_injections != 0) {
			unit_fail("injected %u (%#llx)", fake_vector, (unsigned long long)fake_error_code);
			return false;
		}
		mmio_handle_step(&fake_vcpu); /* not that page: nothing has changed */
		if (fake_vcpu.rip != rip || memcmp(before.gpr, fake_vcpu.gpr, sizeof(before.gpr)) != 0)
			unit_fail("a step changed registers");
	}
	return false;
}

static struct access_region ram_region = {
	.first = RAM_GPA, .last = RAM_GPA + NATIVE_DATA_BYTES - 1, .handler = watch};

/* Where no claimed page is touched the CPU would go on by itself. Here the RAM is claimed for that
 * while. */
static bool emulate_on_ram(void)
{
	bool done;

	UNIT_EQUAL(mmio_register(&ram_region), 0);
	done = emulate_somewhere();
	mmio_unregister(&ram_region);
	return done;
}

static void compare(const struct form *form, const struct native_state *start,
		    const struct native_state *end)
{
	for (unsigned i = 0; i < 16; i++) {
		if (fake_vcpu.gpr[i] != end->gpr[i])
			unit_fail("%s: register %u is %llx, not %llx (was %llx)", form->text, i,
				  (unsigned long long)fake_vcpu.gpr[i],
				  (unsigned long long)end->gpr[i], (unsigned long long)start->gpr[i]);
	}
	if (((fake_vcpu.rflags ^ end->rflags) & FLAGS_COMPARED) != 0)
		unit_fail("%s: flags are %llx, not %llx", form->text,
			  (unsigned long long)fake_vcpu.rflags, (unsigned long long)end->rflags);
	if (fake_vcpu.rip != code_address)
		unit_fail("%s: RIP is %llx", form->text, (unsigned long long)fake_vcpu.rip);
	for (unsigned i = 0; i < ARRAY_LENGTH(page_gpa); i++) {
		if (memcmp(memory_direct(page_gpa[i]), (void *)(NATIVE_DATA + i * PAGE_BYTES),
			   PAGE_BYTES) != 0)
			unit_fail("%s: page %u differs", form->text, i);
	}
}

static void run_form(const struct form *form, bool all_claimed)
{
	volatile struct native_state *state = (struct native_state *)NATIVE_STATE;
	bool branch = strstr(form->text, "*(") != NULL;
	bool repeat = strstr(form->text, "rep") != NULL;
	bool string = repeat || strstr(form->text, "(") == NULL;
	uint64_t rip = native_load(form->bytes, form->length_bytes);
	struct native_state start, end;

	code_address = rip + form->length_bytes;
	set_up_guest(all_claimed);
	UNIT_EQUAL(mmio_register(&region), 0);
	for (unsigned round = 0; round < ROUNDS && unit_why[0] == '\0'; round++) {
		set_up_state(&start, branch, string, repeat);
		copy_to_guest(&start);
		*(struct native_state *)state = start;
		native_run();
		end = *(const struct native_state *)state;
		fake_vcpu.rip = rip;
		for (unsigned tries = 0; fake_vcpu.rip == rip && tries < 1000; tries++) {
			if (!emulate_somewhere() && !emulate_on_ram()) {
				unit_fail("%s: no page fits", form->text);
				break;
			}
		}
		compare(form, &start, &end);
	}
	mmio_unregister(&region);
}

static void test_forms(bool all_claimed)
{
	handled = 0;
	for (const struct form *form = form_first; form < form_last; form++) {
		run_form(form, all_claimed);
		if (unit_why[0] != '\0')
			return;
	}
	UNIT_CHECK(handled > 100000);
	UNIT_CHECK(form_last - form_first > 300);
}

static void test_all_claimed(void)
{
	test_forms(true);
}

static void test_half_claimed(void)
{
	test_forms(false);
}

int main(void)
{
	native_init();
	unit_run("emulate_all_forms_as_native", test_all_claimed);
	unit_run("emulate_all_forms_devices_and_ram", test_half_claimed);
	return unit_failed;
}
