# How late a block runs that is to run after a millisecond, at most, while the guest uses its timer so or so.
worst = Hash.new(0)
phase = nil
on(:port_write, 0xe1) { |io| phase = %i[alone ticking periodic measuring][io.value] }
tick = lambda do
  due = Machine.tsc + Machine.tsc_hz / 1000
  after(1.millisecond) do
    late = Machine.tsc - due
    worst[phase] = late if phase && late > worst[phase]
    tick.call
  end
end
tick.call
at_exit { worst.each { |name, late| puts "late #{name} #{late * 1_000_000 / Machine.tsc_hz} us" } }
