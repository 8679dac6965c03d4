-- For `wrk -s`: at its end it says in one line what echo_load.c says when it is asked:
--
--     figures: REQUESTS NANOSECONDS P50 P99 P99.9
--
-- the last three in nanoseconds; before that, on one of its own, if anything failed.
function done(summary, latency, requests)
    for what, count in pairs(summary.errors) do
        if count > 0 then
            print(string.format("failed: %d %s", count, what))
        end
    end
    print(string.format("figures: %d %d %d %d %d", summary.requests, summary.duration * 1000,
        latency:percentile(50) * 1000, latency:percentile(99) * 1000, latency:percentile(99.9) * 1000))
end
