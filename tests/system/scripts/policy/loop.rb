policy!
begin
  loop {}
rescue Exception
  retry
end
