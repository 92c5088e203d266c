# In the guest, as root: what is on the disk RV1 now is copied to the disk OUT.
of() { for c in /sys/class/nvme/*; do grep -q $1 $c/serial && echo /dev/$(basename $c)n1; done; }
while [ ! -b "$(of RV1)" ] || [ ! -b "$(of OUT)" ]; do sleep 0.1; done
dd if=$(of RV1) of=$(of OUT) bs=65536 iflag=direct oflag=direct conv=fsync 2>/dev/null && echo "guest: read"
