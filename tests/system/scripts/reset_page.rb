# In the page that firmware starts in, which is the hypervisor's to watch too.
on(:mmio_read, 0xff008) { |io| log "read", value: "%x" % io.value }
