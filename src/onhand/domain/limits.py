"""Every limit in one place, the unit last in the name. The checks at the end hold them together."""

QUANTITY_MAX_UNITS = 2**31 - 1  # PostgreSQL integer
SKU_MAX_CHARS = 100
WAREHOUSE_CODE_MAX_CHARS = 50
NAME_MAX_CHARS = 500
REASON_MAX_CHARS = 500
SUPPLIER_CODE_MAX_CHARS = 50
SUPPLIER_PRODUCTS_MAX = 10_000  # of one request; more of them come by CSV
LEAD_TIME_MAX_DAYS = 1_000
LEAD_TIME_RECEIPTS_MAX = 20  # the last receipts of a supplier's product that its measured lead time is made of
ORDER_ID_MAX_CHARS = 255
IDEMPOTENCY_KEY_MAX_CHARS = 255
WAREHOUSE_PRIORITY_MAX = 1_000_000
HANDLING_MAX_DAYS = 60  # working days, in a warehouse's calendar
CLOSED_ON_MAX_DAYS = 200
IDEMPOTENCY_KEPT_S = 7 * 24 * 3600
PROOF_EVERY_S = 15 * 60.0  # at most so often, and at most a hundredth of the time, the laws are proved by the clock
PROOF_REST = 99

LINES_MAX = 1_000  # of one operation: a count or a receipt of a whole delivery, an order of a wholesaler
RESERVATION_BATCH_MAX = 1_000
RESERVATIONS_OF_ORDER_MAX = 100  # that a return by order_id looks at, the newest
AVAILABILITY_SKUS_MAX = 500
PAGE_MAX_ROWS = 1_000
PAGE_DEFAULT_ROWS = 100
BODY_MAX_BYTES = 4 * 1024 * 1024

EXPIRY_DEFAULT_S = 15 * 60
EXPIRY_MIN_S = 1
EXPIRY_MAX_S = 30 * 24 * 3600
EXPIRY_SWEEP_EVERY_S = 1.0
# Of holds that have run out, so many are one transaction, and the next ones wait for it: whoever orders the same
# products stands behind hundredths of a second, not behind all that end with a sale. It is thousands in a second still.
EXPIRY_AT_ONCE_MAX_RESERVATIONS = 100

AVAILABILITY_FRESH_S = 0.05  # how old a displayed number may be when nobody tells this process what others do
AVAILABILITY_SHARED_FRESH_S = 1.0  # and when Valkey does: the bound for whatever was lost on the way
AVAILABILITY_STREAM_SKUS_MAX = 50
AVAILABILITY_STREAMS_MAX = 2_000  # open product pages of one process
AVAILABILITY_STREAM_S = 30.0  # then the page connects anew, to whichever process
AVAILABILITY_TTL_S = 60  # in Valkey; what nobody reads disappears
AVAILABILITY_UNKNOWN_S = 1.0  # how long a SKU that does not exist is not looked for again
AVAILABILITY_KEPT_MAX_PRODUCTS = 100_000  # in one process
AVAILABILITY_SHOWN_MAX = 16  # answers made ready of one product: for so many quantities and languages
PROMISE_AHEAD_MAX_DAYS = 730
PROMISES_FOLLOWED_EVERY_S = 2.0  # those told to who waits are compared with what is true now
PROMISES_LONG_LOOK_S = 1.0  # at those who wait for one product; after such a one that product rests
PROMISES_REST = 10  # times as long as it took
PROMISES_READ_MAX_LINES = 1_000  # of a waiting list, in one step of the job
PROMISE_FRESH_S = 1.0  # how old the supply may be on which a displayed promise rests
PROMISES_KEPT_MAX = 10_000  # of what lies on the shelf, in one process, for a minute
AVAILABILITY_FETCH_MAX_SKUS = 250  # in one query: its rows are read in one step, in which nobody else is served
SOLD_OUT_KNOWN_S = 0.05  # how old the news may be for which an order is confirmed to be too late without a lock

EVENTS_PLACED_MAX = 1_000  # in one transaction
EVENT_KEPT_S = 30 * 24 * 3600  # in the feed, and what became of its deliveries
WEBHOOK_URL_MAX_CHARS = 2_000
WEBHOOK_OLD_SECRET_S = 24 * 3600  # how long the secret before signs beside the new one
WEBHOOK_SWEEP_EVERY_S = 0.5
WEBHOOK_TIMEOUT_S = 15.0  # of one attempt, from the name's lookup to the answer's headers
WEBHOOK_LEASE_S = 60.0  # then an attempt of which nothing was heard is made again
WEBHOOK_RETRY_AFTER_S = (1, 5, 30, 120, 600, 1_800, 7_200, 18_000, 36_000, 36_000)  # after the first, the second, …
WEBHOOK_IN_FLIGHT_MAX = 50  # of one process
WEBHOOK_IN_FLIGHT_OF_ONE_MAX = 10  # to one webhook

BATCH_MAX_COMMANDS = 512  # of one transaction of the engine
BATCH_MAX_LINES = 4_000
QUEUE_MAX_COMMANDS = 20_000  # waiting in one process; beyond it callers are told to come back
QUEUE_MAX_WAIT_S = 3.0  # and when the first in the queue has waited so long: who comes now would wait longer
LANES_PER_PROCESS = 2
FURTHER_LANE_AT = 128  # commands waiting, at which the second lane of a process is worth its price
RETRIES_MAX = 8

assert EXPIRY_MIN_S < EXPIRY_DEFAULT_S < EXPIRY_MAX_S
assert LINES_MAX <= BATCH_MAX_LINES
assert SOLD_OUT_KNOWN_S <= AVAILABILITY_FRESH_S < AVAILABILITY_SHARED_FRESH_S < AVAILABILITY_TTL_S
assert BATCH_MAX_COMMANDS <= QUEUE_MAX_COMMANDS
assert WEBHOOK_TIMEOUT_S < WEBHOOK_LEASE_S
assert sum(WEBHOOK_RETRY_AFTER_S) * 1.1 < EVENT_KEPT_S
