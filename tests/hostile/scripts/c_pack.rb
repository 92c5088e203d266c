# pack and unpack with counts that cannot be.
# group: c
# guest: deny
# state: alive killed
# log: ${name}.*Error
TEMPLATES = %w[C1000000000 a2147483647 A9999999999999999999 x2147483647 x999999999 @2147483647 w N4294967295
               m2147483647 u1000000000 B2147483647 h2147483647 U2147483647 Q18446744073709551615 X1 X2147483647
               d2147483647 Z1048577 C-1 C* *C p P j1000000000]
on(:port_read, PORT, on_error: :deny) do |io|
  TEMPLATES.each do |template|
    begin
      [1, 2.5, "abc", nil, 1 << 70].pack(template)
    rescue StandardError
    end
    begin
      ("\xff" * 100).unpack(template)
      "".unpack(template)
    rescue StandardError
    end
  end
  raise ArgumentError, "done"
end
