# Widths and precisions beyond all measure.
# group: c
# guest: deny
# state: killed
# log: ${name}: killed .*its time of \d+ us is up
FORMATS = ["%2147483647d", "%-2147483648d", "%.2147483647f", "%.999999d", "%99999999999999d", "%*d", "%-*d",
           "%1$2147483647s", "%999999$d", "%.1048577e", "%<a>d", "%{", "%", "%n", "%#.99999x", "%+ 0-#1000000o",
           "%c", "%1048577c", "%b", "%.1000000g", "%%%", "%\0d", "%s%s%s%s%s"]
on(:port_read, PORT, on_error: :deny) do |io|
  FORMATS.each do |format|
    [1, -1, 1 << 80, 1.0e308, -0.0, Float::NAN, "text", nil, [1 << 62, 5]].each do |value|
      begin
        format % value
      rescue StandardError
      end
    end
  end
  raise ArgumentError, "done"
end
