# Beside what bars.rb follows, wherever that is: the guest's reads there exit in any case.
[0xe8000010, 0xe9000010].each { |address| on(:mmio_read, address) { |io| io.value = 0 } }
