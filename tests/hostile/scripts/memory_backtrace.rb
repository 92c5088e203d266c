# Exceptions that outlive the methods that raised them.
# group: memory
# guest: deny
# state: alive killed
KEPT = []
on(:port_read, PORT, on_error: :deny, budget: 50.milliseconds) do |io|
  3.times do |n|
    eval "def gone#{n}(x) = x.zero? ? raise('kept') : gone#{n}(x - 1)"
    begin; send("gone#{n}", 5); rescue => e; KEPT << e; end
    Object.class_eval { remove_method "gone#{n}" }
  end
  GC.start
  KEPT.each { |e| [e.backtrace.to_s, e.inspect, e.message, (e.backtrace || [])[0].to_s.size] }
  KEPT.shift while KEPT.size > 6
  raise KEPT[0]
end
