/*
 * tests/unit/emulate_native.c: every instruction form that is emulated, against the same bytes run
 * by this CPU on ordinary memory: registers, flags and memory must come out alike. 64-bit code.
 */
#define FORM_MODE ".code64\n"
#include "emulate_forms.h"

#include "native.h"
#include "unit.h"

FORM_BEGIN

/* (%rbx) may straddle a page; %r12 is a small index, %r13 a bit number, %rcx a small count. */
#define FORM_WIDTHS(name, operands_b, operands_w, operands_l, operands_q)                          \
	FORM(name "b " operands_b)                                                                 \
	FORM(name "w " operands_w)                                                                 \
	FORM(name "l " operands_l)                                                                 \
	FORM(name "q " operands_q)
#define FORM_TO(name)                                                                              \
	FORM_WIDTHS(name, "%al, (%rbx)", "%dx, (%rbx)", "%r9d, (%rbx)", "%rbp, (%rbx)")
#define FORM_FROM(name)                                                                            \
	FORM_WIDTHS(name, "(%rbx), %al", "(%rbx), %dx", "(%rbx), %r9d", "(%rbx), %rbp")
#define FORM_IMM(name)                                                                             \
	FORM_WIDTHS(name, "$0x85, (%rbx)", "$0x8765, (%rbx)", "$0x87654321, (%rbx)",               \
		    "$-0x12345678, (%rbx)")                                                        \
	FORM(name "w $-3, (%rbx)")                                                                 \
	FORM(name "l $-3, (%rbx)")                                                                 \
	FORM(name "q $-3, (%rbx)")
#define FORM_ONE(name) FORM_WIDTHS(name, "(%rbx)", "(%rbx)", "(%rbx)", "(%rbx)")
#define FORM_ALU(name)                                                                             \
	FORM_TO(name) FORM_FROM(name) FORM_IMM(name) FORM("lock; " name "l %eax, (%rbx)")
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
#define FORM_CONDITION(cc)                                                                         \
	FORM("cmov" cc "l (%rbx), %eax")                                                           \
	FORM("cmov" cc "q (%rbx), %r10")                                                           \
	FORM("set" cc " (%rbx)")

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
FORM("pushq %rax")
FORM("pushw %cx")
FORM("pushq %rsp")
FORM("pushq %r15")
FORM("pushq $-5")
FORM("pushq $0x12345678")
FORM("pushw $0x1234")
FORM("pushfq")
FORM("pushfw")
FORM("popq %rax")
FORM("popw %r9w")
FORM("popq %rsp")
FORM("popw %sp")
FORM("enter $24, $0")
FORM("enter $0, $0")
FORM("leave")
FORM("data16 leave")
FORM("callq 662f")
FORM("callq *%r14")
FORM("ret")
FORM("ret $24")
FORM("xlatb")
FORM("addr32 xlatb")
FORM("clflush (%rbx)")
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

FORM_END

static void test_all_claimed(void)
{
	emulate_compare_forms(true, true);
}

static void test_half_claimed(void)
{
	emulate_compare_forms(true, false);
}

int main(void)
{
	native_init();
	unit_run("emulate_64_as_native", test_all_claimed);
	unit_run("emulate_64_devices_and_ram", test_half_claimed);
	return unit_failed;
}
