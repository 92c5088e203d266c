# Never gets as far as to register a hook.
# group: loops
# guest: pass
# state: killed
# log: ${name}: killed in the script's top level: its time
begin
  loop {}
ensure
  while true; end
end
