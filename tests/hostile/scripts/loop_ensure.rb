# An ensure block that loops.
# group: loops
# guest: deny
# state: killed
# log: ${name}: killed .*its time of \d+ us is up
on(:port_read, PORT, on_error: :deny) do |io|
  begin
    raise "now"
  ensure
    loop { begin; loop {}; ensure; loop {}; end }
  end
end
