on(:port_read, 0x80, on_error: :deny) do |io|
  begin
    while true; end
  rescue Exception
    while true; end
  ensure
    loop {}
  end
end
