/*
 * tests/guest/smi.c: SMIs to CPUs whose SMBASE the firmware has left as a reset leaves it: the code at 38000h
 * would run in SMM. By interprocessor interrupts to either CPU, one that waits to be started among them, and by the chipset's command port, which in
 * QEMU reaches the CPU that writes it. Options: came=1, it is to run (without a hypervisor); boot=1, the
 * boot CPU's SMBASE is so too; asks=1, the port reaches the CPU that writes it.
 */
#include "guest.h"

#include "instruction.h"
#include "second.h"

#define VECTOR 0x10
#define SMM_ENTRY 0x38000
#define SMM_COUNT 0x37ff0 /* how often it ran; known below */
#define APIC_ICR_SMI 0x4200u
#define APIC_ID_BOOT 0u
#define SMI_COMMAND 0xb2
#define SMI_NOTHING 0x55
#define ROUNDS 20
#define PAUSE_CYCLES 3000000u

SHARED uint64_t turns;
SHARED bool asks;

__asm__(".code16\n"
	"smm_entry: mov $0x37ff0, %ebx\n"
	"incl (%ebx)\n"
	"rsm\n"
	"smm_entry_end:\n"
	".code64");
extern const uint8_t smm_entry[], smm_entry_end[];

static void second_run(void)
{
	for (;;) {
		turns++;
		__asm__ volatile("pause");
		if (asks) {
			out8(SMI_COMMAND, SMI_NOTHING);
			asks = false;
		}
	}
}

static bool second_turns(void)
{
	uint64_t before = turns;

	wait_cycles(PAUSE_CYCLES);
	return turns != before;
}

static volatile uint32_t *smm_count(void)
{
	return (volatile uint32_t *)SMM_COUNT;
}

static void send_to_self(void)
{
	*(volatile uint32_t *)(uintptr_t)(APIC + APIC_ICR_HIGH) = APIC_ID_BOOT << 24;
	*(volatile uint32_t *)(uintptr_t)(APIC + APIC_ICR_LOW) = APIC_ICR_SMI;
}

static void check_count(const char *name, bool is_to_come)
{
	uint32_t count;

	wait_cycles(PAUSE_CYCLES);
	count = *smm_count();
	*smm_count() = 0;
	guest_check((count != 0) == is_to_come, name, "the guest's code ran %u times in SMM", count);
}

static void check(const char *name, bool is_to_come)
{
	check_count(name, is_to_come);
	guest_check(second_turns(), "the second CPU goes on", "it does not");
}

static void start_again(void)
{
	guest_check(second_start(VECTOR, second_run) && second_turns(), "second CPU", "it does not run");
}

void guest_main(void)
{
	bool comes = option_number_or("came", 0) != 0;

	memcpy((void *)SMM_ENTRY, smm_entry, (size_t)(smm_entry_end - smm_entry));
	*smm_count() = 0;
	second_send(APIC_ICR_SMI);
	check_count("an SMI to a CPU that waits", comes);
	start_again();
	for (unsigned i = 0; i < ROUNDS; i++) {
		second_send(APIC_ICR_SMI);
		wait_cycles(PAUSE_CYCLES / ROUNDS);
	}
	check("SMIs to the other CPU", comes);
	start_again();
	second_send(APIC_ICR_SMI);
	check("an SMI behind an INIT", comes);
	send_to_self();
	check("an SMI to the boot CPU", comes && option_number_or("boot", 0) != 0);
	out8(SMI_COMMAND, SMI_NOTHING);
	check("the boot CPU asks for an SMI", comes && option_number_or("boot", 0) != 0);
	asks = true;
	check("the other CPU asks for an SMI", comes && option_number_or("asks", 0) != 0);
}
