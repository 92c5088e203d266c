/*
 * boot/uefi/sbat.c: the generation of this program, by which shim can revoke old ones (shim's
 * SBAT.md). The generation rises by one when a flaw is repaired that lets Secure Boot be passed by.
 */
__attribute__((section(".sbat"), used)) static const char sbat_table[] =
	"sbat,1,SBAT Version,sbat,1,https://github.com/rhboot/shim/blob/main/SBAT.md\n"
	"ritevisor,1,Ritevisor,ritevisor,1,https://github.com/ritevisor/ritevisor\n";
