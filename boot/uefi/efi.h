/*
 * boot/uefi/efi.h: the part of the UEFI specification (2.10) that the loader uses, written from it.
 * Names are the specification's, in lower case. Members that are not called are `void *`.
 */
#ifndef BOOT_UEFI_EFI_H
#define BOOT_UEFI_EFI_H

#include "rv/types.h"

#define EFI_API __attribute__((ms_abi)) /* 2.3.4.2 */

typedef uint64_t efi_status;
typedef void *efi_handle;
typedef void *efi_event;
typedef uint16_t efi_char;
typedef void(EFI_API *efi_event_notify)(efi_event event, void *context);

/* Appendix D */
#define EFI_ERROR(n) (UINT64_C(0x8000000000000000) | (n))
#define EFI_SUCCESS UINT64_C(0)
#define EFI_LOAD_ERROR EFI_ERROR(1)
#define EFI_INVALID_PARAMETER EFI_ERROR(2)
#define EFI_UNSUPPORTED EFI_ERROR(3)
#define EFI_NOT_READY EFI_ERROR(6)
#define EFI_OUT_OF_RESOURCES EFI_ERROR(9)
#define EFI_NOT_FOUND EFI_ERROR(14)
#define EFI_NOT_STARTED EFI_ERROR(19)
#define EFI_SECURITY_VIOLATION EFI_ERROR(26)

static inline bool efi_failed(efi_status status)
{
	return status >> 63 != 0;
}

struct efi_guid {
	uint32_t a;
	uint16_t b, c;
	uint8_t d[8];
};

#define EFI_GUID_LOADED_IMAGE                                                                  \
	{ 0x5b1b31a1, 0x9562, 0x11d2, { 0x8e, 0x3f, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b } }
#define EFI_GUID_DEVICE_PATH                                                                   \
	{ 0x09576e91, 0x6d3f, 0x11d2, { 0x8e, 0x39, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b } }
#define EFI_GUID_SIMPLE_FILE_SYSTEM                                                            \
	{ 0x964e5b22, 0x6459, 0x11d2, { 0x8e, 0x39, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b } }
#define EFI_GUID_FILE_INFO                                                                     \
	{ 0x09576e92, 0x6d3f, 0x11d2, { 0x8e, 0x39, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b } }
#define EFI_GUID_GRAPHICS_OUTPUT                                                               \
	{ 0x9042a9de, 0x23dc, 0x4a38, { 0x96, 0xfb, 0x7a, 0xde, 0xd0, 0x80, 0x51, 0x6a } }
#define EFI_GUID_SIMPLE_TEXT_OUTPUT                                                            \
	{ 0x387477c2, 0x69c7, 0x11d2, { 0x8e, 0x39, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b } }
#define EFI_GUID_ACPI_20                                                                       \
	{ 0x8868e871, 0xe4f1, 0x11d3, { 0xbc, 0x22, 0x00, 0x80, 0xc7, 0x3c, 0x88, 0x81 } }
#define EFI_GUID_ACPI_10                                                                       \
	{ 0xeb9d2d30, 0x2d88, 0x11d3, { 0x9a, 0x16, 0x00, 0x90, 0x27, 0x3f, 0xc1, 0x4d } }
#define EFI_GUID_GLOBAL_VARIABLE                                                               \
	{ 0x8be4df61, 0x93ca, 0x11d2, { 0xaa, 0x0d, 0x00, 0xe0, 0x98, 0x03, 0x2b, 0x8c } }
#define EFI_GUID_SHELL_PARAMETERS                                                              \
	{ 0x752f3136, 0x4e16, 0x4fdc, { 0xa2, 0x2a, 0xe5, 0xf4, 0x68, 0x12, 0xf4, 0xca } }
#define EFI_GUID_EXIT_BOOT_SERVICES                                                            \
	{ 0x27abf055, 0xb1b8, 0x4c26, { 0x80, 0x48, 0x74, 0x8f, 0x37, 0xba, 0xa2, 0xdf } }
#define EFI_GUID_MP_SERVICES                                                                   \
	{ 0x3fdda605, 0xa76e, 0x4f46, { 0xad, 0x29, 0x12, 0xf4, 0x53, 0x1b, 0x3d, 0x08 } }
#define EFI_GUID_PCI_IO                                                                        \
	{ 0x4cf5b200, 0x68b8, 0x4ca5, { 0x9e, 0xec, 0xb2, 0x3e, 0x3f, 0x50, 0x02, 0x9a } }
/* Our own: a protocol without an interface, installed once we run. */
#define EFI_GUID_RITEVISOR                                                                     \
	{ 0x3f1c6a52, 0x0b7e, 0x4d0a, { 0x9b, 0x51, 0x72, 0x69, 0x74, 0x65, 0x76, 0x69 } }

struct efi_table_header {
	uint64_t signature;
	uint32_t revision, header_bytes, crc32, reserved;
};

/* 7.2, table 7.10 */
enum efi_memory_type {
	EFI_RESERVED_MEMORY_TYPE,
	EFI_LOADER_CODE,
	EFI_LOADER_DATA,
	EFI_BOOT_SERVICES_CODE,
	EFI_BOOT_SERVICES_DATA,
	EFI_RUNTIME_SERVICES_CODE,
	EFI_RUNTIME_SERVICES_DATA,
	EFI_CONVENTIONAL_MEMORY,
	EFI_UNUSABLE_MEMORY,
	EFI_ACPI_RECLAIM_MEMORY,
	EFI_ACPI_MEMORY_NVS,
	EFI_MEMORY_MAPPED_IO,
	EFI_MEMORY_MAPPED_IO_PORT_SPACE,
	EFI_PAL_CODE,
	EFI_PERSISTENT_MEMORY,
};

enum efi_allocate_type { EFI_ALLOCATE_ANY_PAGES, EFI_ALLOCATE_MAX_ADDRESS, EFI_ALLOCATE_ADDRESS };

struct efi_memory_descriptor {
	uint32_t type, padding;
	uint64_t physical_start, virtual_start, nr_pages, attribute;
};

struct efi_input_key {
	uint16_t scan_code;
	efi_char unicode_char;
};

struct efi_simple_text_input {
	efi_status(EFI_API *reset)(struct efi_simple_text_input *self, bool extended);
	efi_status(EFI_API *read_key_stroke)(struct efi_simple_text_input *self,
					     struct efi_input_key *key);
	efi_event wait_for_key;
};

struct efi_simple_text_output {
	void *reset;
	efi_status(EFI_API *output_string)(struct efi_simple_text_output *self,
					   const efi_char *text);
	void *test_string, *query_mode, *set_mode, *set_attribute, *clear_screen;
	void *set_cursor_position, *enable_cursor, *mode;
};

/* 10.2: type, subtype, length; the nodes stand one behind the other. */
struct efi_device_path {
	uint8_t type, subtype;
	uint8_t length_bytes[2];
};
#define EFI_DEVICE_PATH_MEDIA 4
#define EFI_DEVICE_PATH_MEDIA_FILE 4
#define EFI_DEVICE_PATH_END 0x7f
#define EFI_DEVICE_PATH_END_ENTIRE 0xff

struct efi_boot_services {
	struct efi_table_header header;
	void *raise_tpl, *restore_tpl;
	efi_status(EFI_API *allocate_pages)(enum efi_allocate_type type,
					    enum efi_memory_type memory_type, uint64_t nr_pages,
					    uint64_t *address);
	efi_status(EFI_API *free_pages)(uint64_t address, uint64_t nr_pages);
	efi_status(EFI_API *get_memory_map)(uint64_t *map_bytes, void *map, uint64_t *key,
					    uint64_t *descriptor_bytes, uint32_t *version);
	efi_status(EFI_API *allocate_pool)(enum efi_memory_type type, uint64_t length_bytes,
					   void **buffer);
	efi_status(EFI_API *free_pool)(void *buffer);
	efi_status(EFI_API *create_event)(uint32_t type, uint64_t notify_tpl,
					  efi_event_notify notify, const void *context,
					  efi_event *event);
	void *set_timer, *wait_for_event, *signal_event;
	efi_status(EFI_API *close_event)(efi_event event);
	efi_status(EFI_API *check_event)(efi_event event); /* EFI_NOT_READY: not signalled */
	efi_status(EFI_API *install_protocol_interface)(efi_handle *handle,
							const struct efi_guid *protocol,
							uint32_t interface_type, void *interface);
	void *reinstall_protocol_interface, *uninstall_protocol_interface;
	efi_status(EFI_API *handle_protocol)(efi_handle handle, const struct efi_guid *protocol,
					     void **interface);
	void *reserved, *register_protocol_notify, *locate_handle, *locate_device_path;
	void *install_configuration_table;
	efi_status(EFI_API *load_image)(bool boot_policy, efi_handle parent,
					struct efi_device_path *path, void *source,
					uint64_t source_bytes, efi_handle *image);
	efi_status(EFI_API *start_image)(efi_handle image, uint64_t *exit_data_bytes,
					 efi_char **exit_data);
	void *exit;
	efi_status(EFI_API *unload_image)(efi_handle image);
	void *exit_boot_services, *get_next_monotonic_count;
	efi_status(EFI_API *stall)(uint64_t us);
	efi_status(EFI_API *set_watchdog_timer)(uint64_t timeout_s, uint64_t code,
						uint64_t data_bytes, const efi_char *data);
	efi_status(EFI_API *connect_controller)(efi_handle controller, efi_handle *drivers,
						const struct efi_device_path *remaining,
						bool recursive);
	efi_status(EFI_API *disconnect_controller)(efi_handle controller, efi_handle driver, efi_handle child);
	void *open_protocol, *close_protocol;
	void *open_protocol_information, *protocols_per_handle;
	efi_status(EFI_API *locate_handle_buffer)(uint32_t search_type,
						  const struct efi_guid *protocol, void *key,
						  uint64_t *nr_handles, efi_handle **handles);
	efi_status(EFI_API *locate_protocol)(const struct efi_guid *protocol, void *registration,
					     void **interface);
	void *install_multiple_protocol_interfaces, *uninstall_multiple_protocol_interfaces;
	void *calculate_crc32, *copy_mem, *set_mem;
	efi_status(EFI_API *create_event_ex)(uint32_t type, uint64_t tpl,
					     efi_event_notify notify,
					     const void *context, const struct efi_guid *group,
					     efi_event *event);
};
_Static_assert(offsetof(struct efi_boot_services, load_image) == 200, "LoadImage");
_Static_assert(offsetof(struct efi_boot_services, create_event_ex) == 368, "CreateEventEx");

#define EFI_SEARCH_ALL_HANDLES 0
#define EFI_SEARCH_BY_PROTOCOL 2
#define EFI_NATIVE_INTERFACE 0
#define EFI_EVENT_NOTIFY_SIGNAL 0x200u
#define EFI_TPL_CALLBACK 8
#define EFI_RESET_COLD 0

struct efi_runtime_services {
	struct efi_table_header header;
	void *get_time, *set_time, *get_wakeup_time, *set_wakeup_time;
	void *set_virtual_address_map, *convert_pointer;
	efi_status(EFI_API *get_variable)(const efi_char *name, const struct efi_guid *vendor,
					  uint32_t *attributes, uint64_t *data_bytes, void *data);
	void *get_next_variable_name;
	efi_status(EFI_API *set_variable)(const efi_char *name, const struct efi_guid *vendor,
					  uint32_t attributes, uint64_t data_bytes,
					  const void *data);
	void *get_next_high_monotonic_count;
	void(EFI_API *reset_system)(uint32_t kind, efi_status status, uint64_t data_bytes, const void *data);
	void *update_capsule;
	void *query_capsule_capabilities, *query_variable_info;
};

struct efi_configuration_table {
	struct efi_guid vendor;
	void *table;
};

struct efi_system_table {
	struct efi_table_header header;
	const efi_char *firmware_vendor;
	uint32_t firmware_revision;
	efi_handle console_in_handle;
	struct efi_simple_text_input *con_in;
	efi_handle console_out_handle;
	struct efi_simple_text_output *con_out;
	efi_handle standard_error_handle;
	struct efi_simple_text_output *std_err;
	struct efi_runtime_services *runtime;
	struct efi_boot_services *boot;
	uint64_t nr_table_entries;
	struct efi_configuration_table *configuration_table;
};
_Static_assert(offsetof(struct efi_system_table, boot) == 96, "BootServices");

/* PI specification 1.8, volume 2, 13.4: the CPUs beside the boot CPU ("APs") */
#define EFI_CPU_IS_BSP 0x1u
#define EFI_CPU_ENABLED 0x2u

struct efi_processor_information {
	uint64_t apic_id;
	uint32_t status;
	uint32_t location[9]; /* some firmware fills in three */
};
_Static_assert(sizeof(struct efi_processor_information) == 48, "EFI_PROCESSOR_INFORMATION");

typedef void(EFI_API *efi_cpu_procedure)(void *argument);

struct efi_mp_services {
	efi_status(EFI_API *get_number_of_processors)(struct efi_mp_services *self, uint64_t *nr,
						      uint64_t *nr_enabled);
	efi_status(EFI_API *get_processor_info)(struct efi_mp_services *self, uint64_t number,
						struct efi_processor_information *information);
	/* With an event it returns at once, and the event is signalled when all have returned from the
	 * procedure; with none it returns then. No timeout: 0. */
	efi_status(EFI_API *startup_all_aps)(struct efi_mp_services *self,
					     efi_cpu_procedure procedure, bool one_by_one,
					     efi_event event, uint64_t timeout_us, void *argument,
					     uint64_t **failed);
	efi_status(EFI_API *startup_this_ap)(struct efi_mp_services *self,
					     efi_cpu_procedure procedure, uint64_t number,
					     efi_event event, uint64_t timeout_us, void *argument,
					     bool *finished);
	void *switch_bsp, *enable_disable_ap, *who_am_i;
};

/* 9.1 */
struct efi_loaded_image {
	uint32_t revision;
	efi_handle parent;
	struct efi_system_table *system;
	efi_handle device;
	struct efi_device_path *file_path;
	void *reserved;
	uint32_t load_options_bytes;
	void *load_options;
	void *image_base;
	uint64_t image_bytes;
	uint32_t image_code_type, image_data_type;
	void *unload;
};

/* 13.5 */
#define EFI_FILE_READ UINT64_C(1)
#define EFI_FILE_WRITE UINT64_C(2)
#define EFI_FILE_CREATE UINT64_C(0x8000000000000000)

struct efi_file_info {
	uint64_t info_bytes, file_bytes, physical_bytes;
	uint8_t times[48];
	uint64_t attribute;
	efi_char name[];
};

struct efi_file {
	uint64_t revision;
	efi_status(EFI_API *open)(struct efi_file *self, struct efi_file **file,
				  const efi_char *name, uint64_t mode, uint64_t attributes);
	efi_status(EFI_API *close)(struct efi_file *self);
	efi_status(EFI_API *delete)(struct efi_file *self);
	efi_status(EFI_API *read)(struct efi_file *self, uint64_t *length_bytes, void *buffer);
	efi_status(EFI_API *write)(struct efi_file *self, uint64_t *length_bytes,
				   const void *buffer);
	void *get_position, *set_position;
	efi_status(EFI_API *get_info)(struct efi_file *self, const struct efi_guid *type,
				      uint64_t *length_bytes, void *buffer);
	void *set_info;
	efi_status(EFI_API *flush)(struct efi_file *self);
};

struct efi_simple_file_system {
	uint64_t revision;
	efi_status(EFI_API *open_volume)(struct efi_simple_file_system *self,
					 struct efi_file **root);
};

/* 14.4: a function of PCI; what is not used here is left out. */
enum efi_pci_width { EFI_PCI_WIDTH_8 };

struct efi_pci_io {
	void *poll_memory, *poll_io, *read_memory, *write_memory, *read_io, *write_io;
	efi_status(EFI_API *read_configuration)(struct efi_pci_io *self, enum efi_pci_width width, uint32_t offset,
						uint64_t count, void *buffer);
};

#endif
