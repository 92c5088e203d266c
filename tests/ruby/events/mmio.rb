on(:mmio_read, 0xfed00000...0xfed00400) { |io| io.value = io.value | 0xf000_0000 }
on(:mmio_write, 0xfed00000...0xfed00400, width: [4, 8]) { |io| log "write", offset: io.offset, value: io.value, width: io.width }
on(:mmio_read, 0xfed00400) { |io| io.value = 0xffff_ffff_ffff_fffe }
on(:mmio_read, 0xfed00500) { |io| io.value = (io.value + 1) & io.mask }
begin
  on(:mmio_read) { }
rescue ArgumentError => e
  log e.message
end
bar = PCI.find(id: "8086:100e").bar(0)
log bar.to_s
bar.on(:write, offset: 0x18) { |io| log "doorbell", at: io.offset, value: io.value }
