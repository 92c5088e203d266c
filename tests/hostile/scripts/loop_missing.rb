# method_missing that calls what is missing, with ever longer names.
# group: loops
# guest: deny
# state: killed
# log: ${name}: killed .*its time of \d+ us is up
class Void
  def method_missing(name, *arguments)
    __send__("#{name}_", *arguments)
  end
end
on(:port_read, PORT, on_error: :deny) { |io| Void.new.anything }
