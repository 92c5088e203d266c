module Helper
  def self.name_of(n)
    "helper #{n}"
  end
end
