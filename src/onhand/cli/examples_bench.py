"""What stands below the help of each bench. A paragraph is one line: the terminal breaks it."""

OF = {
    "bench_import:run_import": """The time of an import is that of the whole command, from its start to its end.

Examples:
  onhand bench import
  onhand bench import --skus 1000000 --warehouses 3 --json
""",
    "bench_availability:run_availability": """Valkey or Redis is measured too where ONHAND_REDIS_URL leads to one.

Examples:
  onhand bench availability --quick
  onhand bench availability --skus 1000000 10000000 --warehouses 3
  onhand bench availability --json | jq '.sizes[].ratios'
""",
    "bench_reorder:run_reorder": """The database needs room for the levels: 10 million take about 9 GB.

Examples:
  onhand bench reorder
  onhand bench load --levels 10000000 && onhand bench reorder --below 100000
""",
    "bench_replenishment:run_replenishment": """The file is that of `onhand import orders`. Each policy is \
lived through in a database of its own beside the configured one, which is dropped afterwards; the books must agree at \
the end.

Examples:
  onhand bench replenishment orders.csv.gz
  onhand bench replenishment orders.csv.gz --policy reorder --limit 2000
""",
    "bench_wire:run_wire": """Granian is measured too where it is installed beside onhand: pip install granian

Examples:
  onhand bench wire
  onhand bench wire --repeats 5 --json
""",
    "bench_routing:run_routing": """The file is that of `onhand import orders`. No database is used: every way lives \
through the same orders and deliveries with shelves of its own.

Examples:
  onhand bench routing orders.csv.gz
  onhand bench routing orders.csv.gz --rules closest fewest_shipments
  onhand bench routing orders.csv.gz --map routes.svg --json
""",
    "bench_planning:run_planning": """Exit code 1: one order in a hundred takes longer than 2 ms.

Examples:
  onhand bench planning
  onhand bench planning --warehouses 12 --lines 3 --json
""",
    "bench_backorders:run_backorders": """A database of its own beside the configured one is made, and dropped \
afterwards. Exit code 1: somebody was covered out of turn, or the books do not agree.

Examples:
  onhand bench backorders
  onhand bench backorders --orders 10000 --json
""",
    "bench_trigger:run_trigger": """Examples:
  onhand bench trigger --levels 60000
  onhand bench trigger --rounds 15 --json
""",
    "bench_pages:run_pages": """Examples:
  onhand bench load --levels 1000000 --warehouses 1
  onhand bench pages
  onhand bench pages --rate 1000 --pairs 5 --json | jq .cost_percent
""",
}
