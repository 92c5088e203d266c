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
