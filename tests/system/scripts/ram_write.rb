# Writes alone: reads of the page do not exit.
on(:mmio_write, 0x8000004) { |io| io.value = 7 }
