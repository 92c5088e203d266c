MRuby::Gem::Specification.new('ritevisor-host') do |spec|
  spec.license = 'MIT'
  spec.author  = 'Ritevisor developers'
  spec.summary = 'host builds only: the simulated machine behind the system calls'

  # What decides is the hypervisor's own, as one object file: the linker would leave sources, which
  # nobody refers to by name, in the library.
  root = File.expand_path('../..', __dir__)
  own = File.readlines("#{__dir__}/hypervisor.list", chomp: true).flat_map { |path| Dir.glob("#{root}/#{path}").sort }
  text = own.map { |path| %(#include "#{path}"\n) }.join
  source = "#{build_dir}/hypervisor.c"
  FileUtils.mkdir_p(build_dir)
  File.write(source, text) unless File.exist?(source) && File.read(source) == text
  object = "#{build_dir}/src/hypervisor.o"
  file object => [source, *own, *Dir.glob("#{root}/{hook,vmm,core,include/rv,mediator/**}/*.h")] do |task|
    spec.cc.run task.name, source
  end
  spec.objs << object
end
