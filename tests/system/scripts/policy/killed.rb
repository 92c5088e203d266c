# Does not end, and says nothing about on_error.
policy!
on(:port_read, 0x21) do |io|
  begin
    loop {}
  rescue Exception
    retry
  end
end
