# Takes its blocks away from the collector's eyes.
# group: hooks
# guest: deny
# state: alive killed
on(:port_read, PORT, on_error: :deny) do |io|
  Hook.instance_variable_set(:@all, nil)
  Hook.instance_eval { remove_instance_variable(:@all) rescue 0 }
  ObjectSpace.each_object(Hook) { |hook| hook.instance_variables.each { |name| hook.instance_variable_set(name, nil) } }
  GC.start
  1000.times { proc { [io] * 9 } }
  raise "done"
end
