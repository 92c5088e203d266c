class Event
  # What a device is asked for: it outlives the block, and has data.
  class Request
    # What is written, or, in `done`, what was read.
    def data
      Bytes.new(self, 0, __size)
    end

    # Has the block called when the device is done with it, before the guest sees that.
    def done(&block)
      raise ArgumentError, "done needs a block: r.done { |r| ... }" unless block
      Hook.__await(request, block)
      __want_done
    end

    def to_s
      "#{kind} #{disk} lba=#{lba} sectors=#{sectors}"
    end

    alias inspect to_s
  end

  class DiskDone
    def to_s
      "#{kind} #{disk} lba=#{lba} sectors=#{sectors} status=0x#{status.to_s(16)}"
    end

    alias inspect to_s
  end
end

class Hook
  # The blocks of requests that are not done yet, by the requests' numbers.
  def self.__await(request, block)
    @awaited ||= {}
    @awaited[request] = block
    @await_hook ||= new([:disk_done], nil, { marks: Event::Request.__mark, marks_mask: Event::Request.__mark }) do |done|
      waiting = @awaited.delete(done.request)
      waiting.call(done) if waiting
    end
  end
end
