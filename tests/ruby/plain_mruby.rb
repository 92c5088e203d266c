# mruby as its release makes it, with the gems that the engine has of it and a program to run scripts:
# what tests/ruby/mruby_faults compares with. Characters as in Debian's package.
MRuby::Lockfile.disable

config = File.read(File.expand_path("../../engine/build_config.rb", __dir__))

MRuby::Build.new("host") do |conf|
  conf.toolchain :clang
  conf.defines = %w[MRB_UTF8_STRING]
  config[/CORE_GEMS = %w\[(.*?)\]/m, 1].split.each { |name| conf.gem core: "mruby-#{name}" }
  %w[mruby-bin-mruby mruby-print].each { |name| conf.gem core: name }
end
