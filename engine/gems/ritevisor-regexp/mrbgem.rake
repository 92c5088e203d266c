require "fileutils"

# PCRE2 is compiled with the gem, so that it is in every library that has the gem, with the flags of
# that build. It is small (-Os) because the engine has to stay below 1.25 MiB.
PCRE2_FILES = %w[auto_possess chartables chkdint compile compile_class context error find_bracket match
                 match_data newline pattern_info script_run string_utils study tables ucd valid_utf xclass].freeze

MRuby::Gem::Specification.new('ritevisor-regexp') do |spec|
  spec.license = 'MIT'
  spec.author  = 'Ritevisor developers'
  spec.summary = 'Regexp, MatchData and the methods of String that take them'
  spec.add_dependency 'ritevisor-engine'
  spec.add_dependency 'ritevisor-encoding'
  spec.add_dependency 'mruby-string-ext', core: 'mruby-string-ext'
  spec.add_dependency 'mruby-array-ext', core: 'mruby-array-ext'
  spec.add_dependency 'mruby-metaprog', core: 'mruby-metaprog'

  source = "#{ENV.fetch("RITEVISOR_PCRE2")}/src"
  objects = "#{spec.build.build_dir}/pcre2"
  made = "#{objects}/made" # not beside the objects: mruby's rake would take it for its own source
  FileUtils.mkdir_p made
  # Files that PCRE2 ships under names which its build would change.
  { "pcre2.h.generic" => "pcre2.h", "pcre2_chartables.c.dist" => "pcre2_chartables.c" }.each do |from, to|
    file = "#{made}/#{to}"
    FileUtils.cp "#{source}/#{from}", file unless File.exist?(file) && FileUtils.identical?("#{source}/#{from}", file)
  end
  spec.cc.include_paths << made
  spec.cc.defines << "PCRE2_CODE_UNIT_WIDTH=8" << "PCRE2_STATIC"

  PCRE2_FILES.each do |name|
    object = spec.build.objfile("#{objects}/pcre2_#{name}")
    folder = name == "chartables" ? made : source
    file object => ["#{folder}/pcre2_#{name}.c", "#{spec.dir}/pcre2/config.h"] do |task|
      spec.cc.run task.name, task.prerequisites.first, ["HAVE_CONFIG_H"],
                  ["#{spec.dir}/pcre2", source], ["-Os", "-w"]
    end
    spec.objs << object
  end
end
