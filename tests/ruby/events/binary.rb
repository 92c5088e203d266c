# What Memory.read gives is bytes, whatever they are; text and bytes come together as bytes.
Memory.write(0x1000, "\xff\xff\xff\xffab\x55\xaa")
data = Memory.read(0x1000, 8)
log "read #{data.size} #{data.encoding} #{data[1].bytes} #{data.reverse.bytes}"
log "found #{data.index("b")} #{data.index("\x55\xaa")} #{data.rindex("\xff")} #{data == "\xff\xff\xff\xffab\x55\xaa"}"
log "matched #{data =~ /\x55/} #{data[/[^\xff]+/].bytes} #{data.scan(/./m).size} #{("é" + data).size}"
log "text #{"\xff\xff\xff\xffab".index("b")} #{"é-é-é".gsub("-", "+")} #{"日本語".sub("本", "x")} #{"日本語".tr("本", "x")}"
log "packed #{[0x80, 0x81, 0x82, 0x83].pack("C*").size} #{[0xe9].pack("U").size} #{200.chr.encoding} #{"é".unpack1("a*").size}"
text = "ab"
log "itself #{text.prepend(text, text, text)} #{text.concat(text, text).size}"
