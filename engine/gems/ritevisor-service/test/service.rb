# The simulated machine has no services.
assert("Service: a machine without") do
  assert_equal [], Service.to_a
  assert_nil Service[:echo]
end
