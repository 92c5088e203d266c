# Calls what the gems call among themselves, with rubbish.
# group: hooks
# guest: deny
# state: alive killed
n = 0
on(:port_read, PORT, on_error: :deny) do |io|
  [-1, 0, 1, 5, 1 << 31, 1 << 40, 1 << 70, nil, "x", 2.5, [], io].each do |value|
    [:__add, :__remove, :__state, :__keep, :__forget].each do |name|
      [[value], [value, value], [[value] * 18, io], [[value] * 18, proc {}], [[2] + [value] * 17, proc {}]].each do |arguments|
        begin
          Hook.__send__(name, *arguments)
        rescue StandardError, NotImplementedError
        end
      end
    end
  end
  n += 1
  Hook.__run if n == 2
  __run_at_exit if n == 3
  raise "done"
end
