# Keeps 10 MiB alive, as a script that remembers much does: records of strings, arrays and hashes.
# Each read of the port makes some garbage beside, so that the collector has to go round.
# Setting: large=yes adds containers of the greatest size that are allowed.
LIVE = Array.new(100) do |i|
  Array.new(150) do |j|
    text = "record #{i} of #{j}, which is too long to be embedded"
    { at: i * 150 + j, text: text, values: [i, j, i + j] }
  end
end
LARGE = []
if setting(:large, false)
  LARGE << Array.new(32_768) { |i| i.to_s }
  LARGE << (0...16_384).to_h { |i| [i, i.to_s] }
end

reads = 0
on(:port_read, 0x80, budget: 5.seconds) do |io|
  reads += 1
  50.times { |i| [i, "garbage #{i}"] }
  text = "a newer record, #{reads}, in the old one's place"
  LIVE[reads % 100][reads % 150] = { at: reads, text: text, values: [reads, 1, 2] }
end
GC.start
log "gc: heap #{Machine.statistics[:heap]}"
