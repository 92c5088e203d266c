assert("Bitvisor.print ends a line and returns nil") do
  assert_nil Bitvisor.print("0 Hello")
end
