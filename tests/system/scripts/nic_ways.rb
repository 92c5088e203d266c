# Counts what two network cards send; with the setting deny=1 none of it leaves.
denies = setting(:deny, 0) == 1
counts = Hash.new(0)
on(:net_tx) do |packet|
  counts[packet.nic.number] += 1
  packet.deny if denies
end
at_exit { puts "seen #{counts[0]} #{counts[1]}" }
