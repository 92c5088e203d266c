# Everything answers everything, and says that it is everything.
# group: redefine
# guest: deny
# state: alive killed
on(:port_read, PORT, on_error: :deny) { |io| nil.call; raise nothing.at.all }
class BasicObject
  def method_missing(name, *arguments) = self
end
class Object
  def ==(other) = true
  def !=(other) = true
  def is_a?(type) = true
  def respond_to?(*) = true
  def class = nil
  def inspect = raise("inspect")
  def to_s = nil
  def hash = -1
  def to_ary = self
  def to_str = self
  def to_hash = self
end
class NilClass
  def nil? = false
  def call(*) = loop {}
end
