/*
 * iommu/fw_cfg.h: DMA that no IOMMU sees: QEMU's firmware configuration device copies between its items and
 * memory where it is told (docs/specs/fw_cfg.rst of QEMU, "DMA Interface").
 */
#ifndef IOMMU_FW_CFG_H
#define IOMMU_FW_CFG_H

/* Where there is one, it copies to and from the guest's memory alone from now on: its ports exit. 0 or -errno.
 * Context: boot. */
int fw_cfg_guard(void);

#endif
