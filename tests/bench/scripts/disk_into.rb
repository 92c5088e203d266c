# How long requests take, by disk and direction: C counts, Ruby is not asked.
on :disk_done, into: Histogram.log2(:latency, unit: :us, by: %i[disk direction])
