class Event
  # What a device is asked for: it outlives the block, and has data.
  class Request
    # It is never answered: the device does not get it (:request), or the guest does not hear that it is done
    # (:completion). In `done`, and in hooks of disk_done and usb_done, it is the last, whatever is said.
    def lose(what = :request)
      raise ArgumentError, "lose takes :request or :completion, not #{what.inspect}" unless %i[request completion].include?(what)
      if what == :completion && !kind.to_s.end_with?("_done")
        done { |r| r.lose }
      else
        __hold(-1, true)
      end
      self
    end

    # It waits so long, and goes on.
    def delay(duration)
      Request.__need_duration("delay", duration)
      __hold(duration, true)
    end

    # It waits for what the handle is told: hold(limit: 5.seconds) -> Event::Held. When the limit is over,
    # the hook's on_error says what becomes of it.
    def hold(limit:)
      Request.__need_duration("hold(limit:)", limit)
      __hold(limit, false)
      Held.new(request, to_s)
    end

    def self.__need_duration(name, duration)
      return if duration.is_a?(Integer) && duration >= 1 && duration <= 60.minutes
      raise ArgumentError, "#{name} takes a duration of up to an hour: 5.seconds, 200.microseconds"
    end

    def to_s
      "#{kind} #{request}"
    end

    def inspect
      to_s
    end
  end

  # A request that waits. Its verbs can be called in any block, once: true says that it did wait until then.
  class Held
    attr_reader :request, :to_s

    def initialize(request, text)
      @request = request
      @to_s = text
    end

    def pass
      Held.__resolve(@request, 0, 0)
    end

    def deny(reason = nil, **details)
      refusal = Held.__refusal(reason, **details)
      log "#{self} denied: #{reason}" if reason && !reason.is_a?(Symbol)
      Held.__resolve(@request, 1, refusal)
    end

    def drop
      Held.__resolve(@request, 2, 0)
    end

    # What the guest gets in the place of what the device would give: all of it.
    def answer(bytes)
      Held.__answer(self, @request, bytes)
    end

    def inspect
      "#<Event::Held #{self}>"
    end
  end
end

class Hook
  # The one hook of disks' ends that blocks wait for, or of USB's (await.c).
  def self.__take_ends(usb)
    new([usb ? :usb_done : :disk_done], nil, { marks: __mark, marks_mask: __mark }) {}.__take_ends
  end

  def __take_ends
    @slots.each { |slot| Hook.__is_of_ends(slot) }
  end
end
