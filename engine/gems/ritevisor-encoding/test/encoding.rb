# tests/ruby/compare_strings holds each method against CRuby's; here is what the gem promises.

BYTES = "\x80\x81\xff".b

assert("binary Strings count bytes") do
  assert_equal 3, BYTES.size
  assert_equal 3, BYTES.bytesize
  assert_equal "\x81".b, BYTES[1]
  assert_equal [0x80, 0x81, 0xff], BYTES.chars.map(&:ord)
  assert_equal [0xff, 0x81, 0x80], BYTES.reverse.bytes
  assert_equal Encoding::BINARY, BYTES.encoding
end

assert("text counts characters, and a byte that begins none is one") do
  assert_equal 3, "日本語".size
  assert_equal "語本日", "日本語".reverse
  assert_equal 2, "\x80\x81".size
  assert_equal "\x81", "\x80\x81"[1]
  assert_equal Encoding::UTF_8, "日".encoding
  assert_true "日".valid_encoding?
  assert_false "\x80".valid_encoding?
end

assert("searching ends, and finds") do
  assert_equal 5, "\xff\xff\xff\xffab".index("b")
  assert_equal 2, "日本語".index("語")
  assert_equal 1, "日本日".rindex("本")
  assert_nil BYTES.index("\x00")
  assert_equal 2, BYTES.index("\xff".b)
end

assert("replacing keeps the rest") do
  assert_equal "é+é+é", "é-é-é".gsub("-", "+")
  assert_equal "日x語", "日本語".sub("本", "x")
  assert_equal "ax", "aé".tr("é", "x")
  assert_equal "a", "aéé".delete("é")
  assert_equal "aé", "aéé".squeeze
end

assert("a set of text beside a binary String that is ASCII is one of text") do
  assert_raise(ArgumentError) { "".b.squeeze!("ab", "\xf0\x9f\x98") }
  assert_raise(ArgumentError) { "aa".b.squeeze!("a-z\xff", "".b) }
  assert_raise(ArgumentError) { "".b.count("\xbf\xc0") }
  assert_equal "é", "a".b.tr("a", "é")
  assert_equal Encoding::UTF_8, "a".b.tr("a", "é").encoding
  assert_equal "é+", "é-".tr("-".b, "+")
end

assert("sets are read as far as they are asked") do
  assert_equal "", "".delete("z-a")
  assert_nil "&".tr!("", "z-a")
  assert_equal "xb", "ab".tr("a", "xz-a")
  assert_raise(ArgumentError) { "ab".tr("ab", "xz-a") }
  assert_raise(ArgumentError) { "ab".tr("^a", "xz-a") }
end

assert("what replaces a match is of its own kind") do
  assert_equal Encoding::UTF_8, "\xe4&".b.sub("\xe4".b, "é").encoding
  assert_equal Encoding::UTF_8, "\xe4".b.gsub!("\xe4".b, "é").encoding
  assert_equal Encoding::BINARY, "\xe4\xe5".b.sub("\xe4".b, "é").encoding
  assert_equal "a[\xe4|a|b]b".b, "a\xe4b".b.sub("\xe4".b, "[\\0|\\`|\\']")
  assert_equal "\\1x\\", "a".sub("a", "\\\\1\\2x\\")
  assert_equal "\\q", "a".sub("a", "\\q")
end

assert("text and a binary String have no order without case") do
  assert_nil "é".casecmp("\xff".b)
  assert_nil "é".casecmp?("é".b)
  assert_equal 0, "É".b.casecmp("É".b)
  assert_equal 0, "A".b.casecmp("a")
end

assert("text that is no UTF-8 ends with all of itself") do
  assert_true "\x80".end_with?("\x80")
  assert_false "é".end_with?("\xa9")
end

assert("what comes of a binary String is binary") do
  [BYTES + "a", BYTES * 2, BYTES.dup, BYTES[0, 2], BYTES.upcase, BYTES.ljust(5, "x")].each do |string|
    assert_equal Encoding::BINARY, string.encoding
  end
  assert_equal Encoding::BINARY, [1, 200].pack("C*").encoding
  assert_equal "abc", "abc".b
end

assert("String#prepend of itself") do
  string = "ab"
  assert_equal "ababab", string.prepend(string, string)
end
