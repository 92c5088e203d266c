/*
 * tests/guest/ahci_registers.h: registers of an AHCI controller, and of a port, by their offsets. Serial ATA AHCI 1.3.1, 3.
 */
#ifndef TESTS_GUEST_AHCI_REGISTERS_H
#define TESTS_GUEST_AHCI_REGISTERS_H

#define CAP 0x00
#define GHC 0x04

#define CLB 0x00
#define FB 0x08
#define IS 0x10
#define CMD 0x18
#define TFD 0x20
#define SCTL 0x2c
#define SERR 0x30
#define SACT 0x34
#define CI 0x38
#define FBS 0x40
#define CMD_ST 1u
#define CMD_FRE 0x10u
#define CMD_CR 0x8000u
#define IS_TFES (1u << 30)

#endif
