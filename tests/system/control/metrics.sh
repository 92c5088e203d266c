# What scripts count, as ritectl reads it, amid an event that never ends too: in the built-in guest, with two CPUs.
say() {
	echo "control: $*"
}

# Ritevisor tells errors of the script's by the same serial line meanwhile, on the other CPU, and what both say is lost.
exec 3>&1 >/said 2>&1

cat >/count.rb <<'R'
on(:port_read, 0x80..0x8d, into: Counter.new(:ports, by: %i[port]))
on(:port_write, 0x80..0x8d, into: Histogram.log2(:value, unit: :ones, by: :port))
on(:port_write, 0x80..0x8d, into: Table.new(:value, by: :port))
rounds = Counter.new(:rounds)
names = Counter.new(:names)
names << :b << "a; \e[1m" << :b
on(:port_read, 0x8e, budget: 10.seconds) do
  while true
    rounds << "round"
  end
end
R
taskset -c 0 ritectl -q load /count.rb
for port in 0x81 0x82 0x81; do probe in8 $port >/dev/null; done
for value in 0x12 0x13 0x20 0; do probe out8 0x84 $value >/dev/null; done
say entered $(ritectl list | awk '/^count.rb/ { print $6 }')
ritectl metrics count.rb
ritectl -f json metrics count.rb
(taskset -c 1 probe in8 0x8e; taskset -c 1 probe in8 0x8e; echo ended >/ended) >/dev/null &
sleep 1
say loops $(taskset -c 0 ritectl metrics count.rb | sed -n 's/^@rounds\[round\]: [1-9][0-9]*$/yes/p') \
	$(taskset -c 0 ritectl list | awk '/^count.rb/ { print $6 }')
taskset -c 0 ritectl top 1 1 | grep '^@ports'
taskset -c 0 ritectl -q metrics none
say none $?
say ended $(cat /ended 2>/dev/null)
# Its event goes on, and ends, on the other CPU meanwhile.
taskset -c 0 ritectl unload count.rb
say unloaded amid its event $? $(ritectl list | grep -c count.rb)
wait
free_pages() {
	ritectl stats | sed -n 's/^free pages //p'
}
# What is counted is gone with its script. The first ones leave what is kept for the next.
i=0
while [ $i -lt 20 ]; do
	ritectl -q -e 'c = Counter.new(:many); 300.times { |i| c << i }; c.clear; Histogram.linear(:l, step: 3) << 7 << -1; exit' >/out
	[ $i = 4 ] && before=$(free_pages)
	i=$((i + 1))
done
cat /out
say lost pages $((before - $(free_pages)))
ritectl -q -e 'on(:port_read, 0x80, into: Counter.new(:lots, by: %i[port width])); c = Counter.new(:c); 5000.times { |i| c << i }; puts "#{c.size} kept, #{c.lost} lost"; exit' | head -1
exec >&3 2>&1
cat /said
