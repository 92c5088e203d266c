# Counts CPUID by leaf.
seen = Hash.new(0)
on(:cpuid) { |c| seen[c.leaf] += 1 }
at_exit { puts "CPUID leaves #{seen.size}" }
