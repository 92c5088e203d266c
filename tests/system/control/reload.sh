# What a script hands over to the one that takes its place; and ritectl repl. In the built-in guest.
say() {
	echo "control: $*"
}

mkdir -p /new
cat >/count.rb <<X
count = 0
on(:port_read, 0x80) { |io| count += 1; io.value = count }
at_reload { count.to_s }
reloaded { |state| count = state.to_i }
X
ritectl -q load /count.rb
say counts $(probe in8 0x80) $(probe in8 0x80)
ritectl -q reload /count.rb
say handed over $? $(probe in8 0x80)
ritectl -q reload /count.rb
say again $? $(probe in8 0x80)

# What fails leaves the old one as it was.
sed 's/^reloaded.*/reloaded { |state| raise "not that" }/' /count.rb >/new/count.rb
ritectl -q reload /new/count.rb 2>&1
say reloaded raises $? $(probe in8 0x80) $(ritectl list | grep -c '^count.rb *load *in force')
sed 's/^at_reload.*/at_reload { "x" * 65537 }/' /count.rb >/new/count.rb
ritectl -q reload /new/count.rb
say a greedy one $? $(probe in8 0x80)
ritectl -q reload /count.rb 2>/dev/null
say too much $? $(probe in8 0x80)
ritectl unload count.rb
sed 's/^at_reload.*/at_reload { 5 }/' /count.rb >/new/count.rb
ritectl -q load /new/count.rb
ritectl -q reload /count.rb 2>/dev/null
say no String $? $(probe in8 0x80)
ritectl unload count.rb
sed 's/^at_reload.*/at_reload { "\\0\\xff" + "y" * 65534 }/; s/^reloaded.*/reloaded { |s| count = s.bytesize \/ 1024 if s.byteslice(0, 2) == "\\0\\xff" }/' /count.rb >/new/count.rb
ritectl -q load /new/count.rb
ritectl -q reload /new/count.rb
say all of it $? $(probe in8 0x80)
ritectl unload count.rb

# Line by line.
mkfifo /lines
ritectl repl </lines >/answers 2>&1 &
pid=$!
exec 3>/lines
cat >&3 <<X
x = 20
[x,
 _].max + 1
def twice(y)
  y * 2
end
twice x
nosuch
1 +
2
h = on(:port_read, 0x81) { |io| io.value = 0x55; puts "seen" }; :hooked
X
until grep -q hooked /answers || ! kill -0 $pid; do :; done
say hook $(probe in8 0x81)
until grep -q seen /answers || ! kill -0 $pid; do :; done
exec 3>&-
wait $pid
say repl $? $(probe in8 0x81)
cat /answers
