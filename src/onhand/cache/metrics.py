"""What the cache tells Prometheus."""

from prometheus_client import Counter, Gauge

READS = Counter("onhand_availability_reads", "Products displayed, by where they were found.", ["source"])
GATE = Counter("onhand_sold_out_refusals", "Orders refused because their level is known to be sold out.")
VALKEY_FAILURES = Counter("onhand_valkey_failures", "Commands that Valkey did not answer well, by what.", ["what"])
VALKEY_DROPPED = Counter("onhand_valkey_dropped", "Levels that were not told to Valkey.")
VALKEY_OPEN = Gauge(
    "onhand_valkey_breaker_open", "1 while Valkey is left alone after failures.", multiprocess_mode="livemax"
)
LOCAL, SHARED, DATABASE = (READS.labels(source) for source in ("process", "valkey", "database"))
