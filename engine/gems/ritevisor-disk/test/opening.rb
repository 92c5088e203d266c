# The first uses of constants, in this order.

assert("a constant's name may be a String") do
  assert_true Object.const_defined?("Bytes")
end

assert("a class that is opened at its first use can be reopened before") do
  class Disk
    def own_word
      "own"
    end
  end
  assert_equal "own", Disk.new(:ide0, 8, 512, "", "").own_word
  assert_true Disk.respond_to?(:find)
  assert_equal "#<Disk ide0 \"\" 8 sectors>", Disk.new(:ide0, 8, 512, "", "").inspect
end

assert("what is opened at its first use is defined") do
  assert_true Object.const_defined?(:Bytes)
  assert_true Object.const_defined?("Overlay")
  assert_false Object.const_defined?(:Nonesuch)
  assert_raise_with_message(NameError, "uninitialized constant Nonesuch") { Nonesuch }
  assert_raise_with_message(NameError, "uninitialized constant Disk::Nonesuch") { Disk::Nonesuch }
end
