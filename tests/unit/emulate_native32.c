/*
 * tests/unit/emulate_native32.c: as emulate_native.c, in 32-bit code.
 */
#define FORM_MODE ".code32\n"
#include "emulate_forms.h"

#include "native.h"
#include "unit.h"

/* (%ebx) may straddle a page; %ecx is a small number, %edx a bit number where one is needed. */
#define FORM_WIDTHS(name, operands_b, operands_w, operands_l)                                      \
	FORM(name "b " operands_b)                                                                 \
	FORM(name "w " operands_w)                                                                 \
	FORM(name "l " operands_l)
#define FORM_ALU(name)                                                                             \
	FORM_WIDTHS(name, "%al, (%ebx)", "%dx, (%ebx)", "%ebp, (%ebx)")                            \
	FORM_WIDTHS(name, "(%ebx), %ah", "(%ebx), %si", "(%ebx), %edi")                            \
	FORM_WIDTHS(name, "$0x85, (%ebx)", "$0x8765, (%ebx)", "$0x87654321, (%ebx)")               \
	FORM(name "l $-3, (%ebx)")
#define FORM_ONE(name) FORM_WIDTHS(name, "(%ebx)", "(%ebx)", "(%ebx)")
#define FORM_SHIFT(name)                                                                           \
	FORM_ONE(name)                                                                             \
	FORM_WIDTHS(name, "%cl, (%ebx)", "%cl, (%ebx)", "%cl, (%ebx)")
#define FORM_BIT(name)                                                                             \
	FORM(name "w %dx, (%ebx)") FORM(name "l %edx, (%ebx)") FORM(name "l $29, (%ebx)")

FORM_BEGIN

FORM_ALU("mov")
FORM_ALU("add")
FORM_ALU("or")
FORM_ALU("adc")
FORM_ALU("sbb")
FORM_ALU("and")
FORM_ALU("sub")
FORM_ALU("xor")
FORM_ALU("cmp")
FORM_WIDTHS("test", "%al, (%ebx)", "%dx, (%ebx)", "%ebp, (%ebx)")
FORM_ONE("inc")
FORM_ONE("dec")
FORM_ONE("not")
FORM_ONE("neg")
FORM_SHIFT("rol")
FORM_SHIFT("rcr")
FORM_SHIFT("shl")
FORM_SHIFT("sar")
FORM_BIT("bt")
FORM_BIT("bts")
FORM_BIT("btr")
FORM_BIT("btc")
FORM("movl %eax, (%ebx, %ecx, 4)")
FORM("movl %ss:8(%ebx, %ecx, 8), %edx")
FORM("movl -4(%ebx), %esp")
FORM("movl %eax, 0x10000040")
FORM("movb %al, 0x10000040")
FORM("movw 0x10000044, %ax")
FORM("movl 0x10000044, %edi")
FORM("movzbl (%ebx), %ecx")
FORM("movzwl (%ebx), %ecx")
FORM("movsbw (%ebx), %cx")
FORM("movswl (%ebx), %ecx")
FORM("movbel (%ebx), %edx")
FORM("movntil %eax, (%ebx)")
FORM("cmovbel (%ebx), %eax")
FORM("cmovgw (%ebx), %ax")
FORM("setle (%ebx)")
FORM("xchgl %eax, (%ebx)")
FORM("xchgb %ch, (%ebx)")
FORM("lock; xaddl %eax, (%ebx)")
FORM("lock; cmpxchgl %edx, (%ebx)")
FORM("cmpxchgb %dl, (%ebx)")
FORM("pushl (%ebx)")
FORM("pushw (%ebx)")
FORM("popl (%ebx)")
FORM("popw (%ebx)")
FORM("popl 8(%esp)")
FORM("pushl 8(%esp)")
FORM("call *(%ebx)")
FORM("jmp *(%ebx)")
FORM("movsb")
FORM("movsl")
FORM("rep movsb")
FORM("rep movsw")
FORM("rep movsl")
FORM("stosb")
FORM("rep stosb")
FORM("rep stosl")
FORM("lodsb")
FORM("rep lodsw")
FORM("cmpsl")
FORM("repe cmpsb")
FORM("repne cmpsw")
FORM("scasb")
FORM("repe scasb")
FORM("repne scasl")

FORM_END

static void test_all_claimed(void)
{
	emulate_compare_forms(false, true);
}

static void test_half_claimed(void)
{
	emulate_compare_forms(false, false);
}

int main(void)
{
	if (!native_has_32_bit()) {
		printf("skip emulate_32: this machine's Linux has no 32-bit code segment for programs\n");
		return UNIT_SKIPPED;
	}
	native_init();
	unit_run("emulate_32_as_native", test_all_claimed);
	unit_run("emulate_32_devices_and_ram", test_half_claimed);
	return unit_failed;
}
