# Hooks on memory that need nested tables of their own, put up and taken away more often than there is memory
# for the tables; then more at once than a script may.
def attempt
  yield
rescue StandardError => error
  "#{error.class}: #{error.message}"
end

ended = attempt do
  20.times do |round|
    hooks = Array.new(250) do |gigabyte|
      at = (4 + gigabyte << 30) + (2 * round + 1 << 21)
      on(:mmio_read, at - 4..at + 3, observe: true) { |io| }
    end
    hooks.each(&:off)
  end
  "well"
end
puts "20 rounds ended #{ended}"
puts "2 GiB: " + attempt { on(:mmio_read, 0x1_0000_0000..0x1_7fff_ffff, observe: true) { |io| }.class.to_s }
