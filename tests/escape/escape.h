/*
 * tests/escape/escape.h: what the parts of the guest that tries to leave the hypervisor share.
 *
 * A sequence is one life of the machine, from the guest's start to a reset: each CPU that runs takes
 * steps, each step is an action drawn from (seed, sequence, CPU, step) alone, and every place where a
 * CPU may come to leads to code that looks whether it is still in the guest (oracle.c).
 */
#ifndef ESCAPE_H
#define ESCAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ESCAPE_CPUS 4u
#define ESCAPE_STACK_BYTES 16384u
#define ESCAPE_ACTIONS_MAXIMUM 40u
#define ESCAPE_TRAIL 24u

#define WATCHDOG_PORT 0x443 /* of QEMU's ib700: a write starts it, with the time */
#define WATCHDOG_THIRTY_SECONDS 0x0

/* Fixed places below 1 MiB. landing.S has LOW_DETECTOR too. */
#define LOW_DETECTOR 0x7000u
#define LOW_SMM 0x38000u  /* where SMIs lead a CPU whose SMBASE is as after a reset */
#define LOW_WARM 0x10000u /* where the firmware's warm start vector points */
#define LOW_WAKE 0x12000u /* and the waking vector */

#define FACS_VECTOR 12
#define FACS_X_VECTOR 24
#define FACS_SYSTEM_FLAGS 36

/* Numbers that follow from a start, for one step. */
struct random {
	uint64_t state;
};
uint64_t random_next(struct random *random);
/* 0 to below - 1 */
uint32_t random_below(struct random *random, uint32_t below);
/* True once in so many. */
bool random_once_in(struct random *random, uint32_t times);
void random_start(struct random *random, uint64_t seed, uint64_t sequence, uint64_t cpu, uint64_t step);

/* How a sequence ended, as far as the guest knows. */
enum end {
	END_UNKNOWN, /* by a reset that is no action of ours, or because nothing went on */
	END_STEPS,
	END_RESET,
	END_SLEEP,
};

/* One CPU, by its initial APIC ID. It writes it itself, but for what others may only guess from. */
struct cpu {
	uint32_t number;
	volatile uint32_t steps;
	volatile uint32_t landings;
	volatile uint32_t nmis, interrupts, faults;
	volatile uint32_t apic_id; /* as its register says */
	volatile bool runs;	   /* has come here and has not been stopped, as far as it knows */
	bool x2apic, deaf;
	uint64_t apic;	      /* where its page is */
	uint64_t caught_rsp;  /* guarded_call() in landing.S */
	uint32_t trail_next;
	uint8_t trail[ESCAPE_TRAIL];
};

/* Kept over a reset, at a place that the firmware and the loaders leave alone. */
struct record {
	uint64_t magic;
	uint32_t seed, sequence;
	enum end end;
	uint32_t nr_cpus, steps_maximum;
	uint64_t enabled; /* actions, by bit */
	volatile bool stop;
	volatile uint32_t reporting;
	volatile uint32_t meeting; /* 0, or the number + 1 of the CPU that waits */
	uint32_t did[ESCAPE_ACTIONS_MAXIMUM];
	uint32_t end_way;
	uint32_t smis_taken; /* by code at the SMBASE after reset */
	struct cpu cpus[ESCAPE_CPUS];
	uint64_t magic_end;
};
#define RECORD ((struct record *)(uintptr_t)0x4000000)

/* What the machine has. */
struct platform {
	bool amd;	      /* SVM, or else VMX, is what must not be seen */
	bool smis;	      /* SMIs are among what is sent */
	bool trace;	      /* each step is printed */
	bool bochs;	      /* what Bochs stops at is left out */
	uint64_t ours;	      /* the hypervisor's memory; 0: none found */
	uint64_t ours_bytes;
	uint32_t low_pages_end; /* landing pages are from 1 to here */
	uint64_t low_ours;	/* a page of ours below 1 MiB; 0: none */
	uint32_t facs;		/* 0: none */
	uint16_t pm1a_event, pm1b_event, pm1a_control, pm1b_control, smi_command;
	uint8_t acpi_enable, acpi_disable;
	uint8_t off_type, disk_type; /* sleep types that end the emulator; 8: none */
	uint8_t ram_type;	     /* suspend to RAM, where it is offered; likewise */
	uint16_t reset_port;
	uint8_t reset_value;
	uint16_t hook_port;
};
extern struct platform platform;

/* An action of one CPU. It may not return. */
struct action {
	const char *name;
	uint32_t weight;
	bool lethal; /* only in every third sequence */
	void (*run)(struct cpu *cpu, struct random *random);
};
extern const struct action actions[];
extern const uint32_t actions_count;
void actions_init(void);
uint32_t actions_weight(uint32_t action); /* 0: it is not enabled */

/* oracle.c: looks around, and never returns if it sees what a guest must not see. */
void oracle_check(struct cpu *cpu, struct random *random);
void oracle_glance(struct cpu *cpu); /* CPUID alone: for handlers */
void oracle_find_ours(void);
void oracle_print_trails(void);
_Noreturn void oracle_report(struct cpu *cpu, const char *what, uint64_t value);

/* cpu.c */
void cpu_init(void);
_Noreturn void cpu_begin(struct cpu *cpu); /* on its own stack, from the first step on */
_Noreturn void cpu_end_sequence(struct cpu *cpu);
_Noreturn void cpu_halt(void);
void cpu_read_mode(struct cpu *cpu);
void watchdog_start(void);

/* pages.c: real-mode code everywhere */
void pages_init(void);
bool pages_detector_is_whole(void);
void pages_write_detector(void);
void pages_spoil_detector(void);
void pages_write(uint32_t first, uint32_t last); /* page numbers */

/* apic.c */
void apic_write(struct cpu *cpu, uint32_t offset, uint32_t value);
uint32_t apic_read(struct cpu *cpu, uint32_t offset);
void apic_send(struct cpu *cpu, uint32_t destination, uint32_t command);
uint32_t apic_any_target(struct random *random);
uint8_t apic_any_page(struct random *random);
uint8_t apic_any_vector(struct random *random);
uint32_t apic_any_mode(struct random *random);	/* delivery mode, in bits 10:8 */
uint32_t apic_line_mode(struct random *random); /* likewise, for what the I/O APIC and LINT0 send */
void spin(uint32_t loops);

/* The actions, by file. */
#define ACTION(name) void act_##name(struct cpu *cpu, struct random *random)
ACTION(start);
ACTION(init);
ACTION(sipi);
ACTION(nmi);
ACTION(storm);
ACTION(smi);
ACTION(icr);
ACTION(form);
ACTION(meet);
ACTION(msi);
ACTION(ioapic);
ACTION(lvt);
ACTION(error);
ACTION(timer);
ACTION(id);
ACTION(deaf);
ACTION(svr);
ACTION(logical);
ACTION(priority);
ACTION(base_off);
ACTION(base_on);
ACTION(base_x2apic);
ACTION(base_move);
ACTION(base_wild);
ACTION(base_ours);
ACTION(sleep);
ACTION(low_page);
ACTION(reset);
ACTION(apm);
ACTION(hook);
ACTION(toggle);
ACTION(rewrite);
ACTION(window);
ACTION(halt);
ACTION(busy);

/* machine.c */
void reset_by(struct cpu *cpu, uint32_t way);
#define RESET_WAYS 6u

/* landing.S */
extern volatile uint32_t smm_came, smm_seen; /* how often the stub for SMM ran; SMM_SEEN: SVM or VMX was there */
#define SMM_SEEN 0x4e454553u /* no firmware that a CPU strays into writes that */
int probe_wrmsr(uint32_t msr, uint64_t value); /* 0, or -1: an exception */
int probe_rdmsr(uint32_t msr, uint64_t *value);
int probe_cr4(uint64_t value);
int guarded_call(void (*run)(struct cpu *, struct random *), struct cpu *cpu, struct random *random,
		 uint64_t *caught_rsp); /* 0, or -1: an exception ended it */
_Noreturn void switch_stack(uint64_t rsp, struct cpu *cpu); /* then cpu_begin(cpu) */

#endif
