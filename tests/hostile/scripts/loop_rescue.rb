# Rescues the exception that is to end it, and goes on: no second one comes.
# group: loops
# guest: deny
# state: killed
# log: ${name}: killed in its port_read hook at .*: its time of \d+ us is up
on(:port_read, PORT, on_error: :deny) do |io|
  begin
    while true; end
  rescue Exception
    while true; end
  end
end
