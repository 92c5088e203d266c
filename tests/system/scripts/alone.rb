# One word of the page that the guest runs from reads otherwise; so the whole page is watched.
on(:mmio_read, 0x8000f00..0x8000f03) { |io| io.value = 0xabcdef }
