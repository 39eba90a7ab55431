"""What stands below each command's help. A paragraph is one line: the terminal breaks it."""

ONHAND = """Examples:
  onhand serve --migrate --demo    a live shop to look at
  onhand import stock stock.csv    receive a delivery
  onhand reconcile                 prove that nothing was lost

Settings come from the environment: `onhand config` lists them. \
Add --debug to any command to see the traceback of an error.
"""

OF = {
    "import": """Examples:
  onhand import products products.csv
  onhand import stock stock.csv.gz --dry-run
  onhand import orders orders.csv
""",
    "importing:products": """The file has the columns sku and name, and any of category, weight_g, length_mm, \
width_mm, height_mm, selling_mode (deny, backorder or preorder), selling_limit and release_date.

Examples:
  onhand import products products.csv
  onhand import products products.csv --update --report refused.csv
  gunzip -c products.csv.gz | onhand import products - --dry-run
""",
    "importing:stock": """The file has the columns sku, warehouse and quantity. The same content is received once: \
after a crash, or when what was refused has been mended, import the same file again and it continues.

Examples:
  onhand import stock stock.csv --dry-run
  onhand import stock stock.csv --report refused.csv
""",
    "promises": """Examples:
  onhand promises at-risk
  onhand promises list --sku MUG-RED
""",
    "promises:listing": """Examples:
  onhand promises list
  onhand promises list --warehouse LEJ1 --json
""",
    "promises:at_risk": """The job of a server that runs looks every two seconds; without one, nothing new is noticed.

Examples:
  onhand promises at-risk
  onhand promises at-risk --sku MUG-RED --json | jq -r '.[].order_id'
""",
    "routing": """Examples:
  onhand routing show
  onhand routing set fewest_shipments leave_safety_stock closest
""",
    "routing:look": """Examples:
  onhand routing show
  onhand routing show --json | jq -r '.rules[]'
""",
    "routing:put": """The first rule that tells two plans apart decides. A server that runs goes by the new rules \
within a second.

Examples:
  onhand routing set fewest_shipments stay_in_country closest priority    as onhand comes
  onhand routing set cut_off closest
  onhand routing set --none
""",
    "geo": """Examples:
  onhand geo import DE.txt
""",
    "geo:import_": """The file is one of download.geonames.org/export/zip, unzipped: tab-separated, with country, \
postal code, latitude and longitude in columns 1, 2, 10 and 11. Importing a newer one replaces what it names.

Examples:
  onhand geo import DE.txt
  onhand geo import allCountries.txt --json
""",
    "migrating:migrate": """Examples:
  onhand migrate
  onhand migrate --check    list what is pending; exit 1 if anything is
""",
    "config:config": """Examples:
  onhand config
  psql "$(onhand config --json --show-secrets | jq -r .database_url)"
""",
    "serving:serve": """Examples:
  onhand serve                       on a migrated database
  onhand serve --migrate --demo      a live shop to look at; Ctrl-C stops it
  onhand serve --host 0.0.0.0 --port 8080 --workers 4
""",
    "doctor:doctor": """Examples:
  onhand doctor
  onhand doctor --json
""",
    "key": """Examples:
  KEY=$(onhand key create --name shop --scope read,reserve)
  onhand key list
  onhand key revoke --name shop
""",
    "key:create": """Scopes: read looks; reserve reserves, releases and fulfills; operate receives, adjusts, \
transfers and ships; admin makes products and warehouses. A key does what its scopes say, no more.

Examples:
  KEY=$(onhand key create --name shop --scope read,reserve)
  onhand key create --name desk --scope read --scope operate
""",
    "key:listing": """Examples:
  onhand key list
  onhand key list --json
""",
    "key:revoke": """Examples:
  onhand key revoke --name shop
""",
    "user": """Examples:
  onhand user create --name ana --scope read,operate
""",
    "user:create": """Scopes are those of keys. The same command with an existing name changes what they may do.

Examples:
  onhand user create --name ana --scope read,operate
  onhand user create --name boss --scope read,reserve,operate,admin
""",
    "orders:orders": """The file has the columns InvoiceNo, StockCode, Description, Quantity, InvoiceDate, UnitPrice, \
CustomerID and Country. An invoice number with a leading C is a cancellation. Lines that are no goods (postage, fees) \
are refused and told.

Examples:
  onhand import orders orders.csv.gz
  onhand import orders orders.csv --limit 500 --dry-run
""",
    "export": """Examples:
  onhand export stock stock.csv
  onhand export ledger --sku MUG-RED --from 2026-03-01
  onhand export levels levels.csv.gz --warehouse LEJ1
""",
    "exporting:products": """Examples:
  onhand export products products.csv
""",
    "exporting:stock": """Examples:
  onhand export stock stock.csv
  onhand export stock --warehouse LEJ1 | head
""",
    "exporting:levels": """Examples:
  onhand export levels levels.csv.gz
""",
    "exporting:ledger": """Examples:
  onhand export ledger ledger.csv.gz --from 2026-03-01 --to 2026-04-01
  onhand export ledger --sku MUG-RED
  onhand export ledger adjustments.csv --type ADJUST --from 2026-03-01
""",
    "exporting:reservations": """Examples:
  onhand export reservations --from 2026-03-01 open.csv
""",
    "importing:suppliers": """Columns: supplier, sku and lead_time_days; name, lead_time_in, reorders, \
over_delivery_percent, under_delivery_percent, measured_after_receipts, country, holiday_region, active, \
supplier_sku, minimum_order, \
pack_size, unit_cost and priority may be there. A supplier that exists keeps its settings, and sells what no row names \
as before.

Examples:
  onhand import suppliers suppliers.csv --dry-run
  onhand import suppliers suppliers.csv --report refused.csv
""",
    "importing:purchase_orders": """Columns: supplier, sku, warehouse and quantity; purchase_order_id (any name: rows \
of one name that follow each other are one order, made once however often they are imported), status (draft or placed) \
and expected_arrival_date may be there, and the others of the export. Without a name, rows that follow each other with \
the same supplier, status and date are one order. An order with a bad row is refused with all of its rows.

Examples:
  onhand import purchase-orders orders.csv --dry-run
  onhand import purchase-orders orders.csv --report refused.csv
""",
    "importing_floor:receipts": """Columns: sku and quantity (all that came); purchase_order_id or transfer_id (rows \
that follow each other with the same are one receipt), warehouse, damaged and quality_control (parts of quantity), and \
reason may be there. A dry run has the engine judge each row and rolls back.

Examples:
  onhand import receipts deliveries.csv --dry-run
  onhand import receipts deliveries.csv --report refused.csv
""",
    "importing_floor:adjustments": """Columns: sku, warehouse, reason and quantity_change or counted_quantity; \
expected_on_hand may be there. The same content is done once: --again does it once more.

Examples:
  onhand import adjustments broken.csv --dry-run
  onhand import adjustments broken.csv --report refused.csv
""",
    "importing_floor:state_changes": """Columns: sku, warehouse, quantity, from and to (available, damaged, \
quality_control, safety_stock; to also scrapped), reason.

Examples:
  onhand import state-changes inspected.csv --dry-run
  onhand import state-changes inspected.csv
""",
    "importing_floor:transfers": """Columns: from_warehouse, to_warehouse, sku and quantity; transfer_id (any name: \
rows of one name that follow each other are one transfer), mode (immediate, or in_transit) and reason may be there, \
and the others of the export.

Examples:
  onhand import transfers moves.csv --dry-run
  onhand import transfers moves.csv --report refused.csv
""",
    "importing_floor:levels": """Columns: sku and warehouse; reorder_threshold, reorder_quantity, backorder_limit \
(empty: no limit) and safety_stock: only those that the file has are set, an empty cell clears. The quantities of the \
export are read over.

Examples:
  onhand export levels levels.csv && onhand import levels levels.csv --dry-run
  onhand import levels thresholds.csv --report refused.csv
""",
    "importing_floor:warehouses": """Columns: code, name, latitude and longitude; those of the export may be there. \
working_days (mon tue …) and closed_on are separated by spaces. Calendar columns are given all together.

Examples:
  onhand import warehouses warehouses.csv --dry-run
  onhand import warehouses warehouses.csv --update
""",
    "purchase-order": """Examples:
  onhand purchase-order list --status draft
  onhand purchase-order place 019332c5-71b0-7c3a-9a41-5b1f0f8c1a12
""",
    "purchasing:listing": """Examples:
  onhand purchase-order list --supplier KILN
  onhand purchase-order list --status draft --json | jq -r '.[].purchase_order_id'
""",
    "purchasing:look": """Examples:
  onhand purchase-order show 019332c5-71b0-7c3a-9a41-5b1f0f8c1a12
""",
    "purchasing:place": """Examples:
  onhand purchase-order place 019332c5-71b0-7c3a-9a41-5b1f0f8c1a12
""",
    "purchasing:receive": """What came in parts, damaged or to be looked at: onhand import receipts.

Examples:
  onhand purchase-order receive 019332c5-71b0-7c3a-9a41-5b1f0f8c1a12
""",
    "purchasing:cancel": """Examples:
  onhand purchase-order cancel 019332c5-71b0-7c3a-9a41-5b1f0f8c1a12
""",
    "transfer": """Examples:
  onhand transfer list --status in_transit
  onhand transfer receive 019332c5-71b0-7c3a-9a41-5b1f0f8c1a15
""",
    "transferring:listing": """Examples:
  onhand transfer list --status in_transit
""",
    "transferring:look": """Examples:
  onhand transfer show 019332c5-71b0-7c3a-9a41-5b1f0f8c1a15
""",
    "transferring:receive": """Examples:
  onhand transfer receive 019332c5-71b0-7c3a-9a41-5b1f0f8c1a15
""",
    "transferring:cancel": """Examples:
  onhand transfer cancel 019332c5-71b0-7c3a-9a41-5b1f0f8c1a15
""",
    "transferring:write_off": """Examples:
  onhand transfer write-off 019332c5-71b0-7c3a-9a41-5b1f0f8c1a15 --reason "fell off the lorry"
""",
    "exporting:warehouses": """Examples:
  onhand export warehouses warehouses.csv
""",
    "exporting:suppliers": """Examples:
  onhand export suppliers suppliers.csv
  onhand export suppliers --sku MUG-RED
""",
    "exporting:purchase_orders": """Examples:
  onhand export purchase-orders orders.csv --from 2026-03-01
  onhand export purchase-orders --warehouse LEJ1
""",
    "importing:returns": """Columns: sku, quantity and disposition (restock, quality_control, damaged or refuse), and \
reservation_id or order_id; warehouse and reason may be there. The same content is taken back once: after a crash, \
import the same file again and it continues.

Examples:
  onhand import returns returns.csv --dry-run
  onhand import returns returns.csv --report refused.csv
""",
    "exporting:transfers": """Examples:
  onhand export transfers transfers.csv --warehouse LEJ1
  onhand export transfers --from 2026-03-01 | grep in_transit
""",
    "exporting:counts": """Examples:
  onhand export counts counts.csv --from 2026-03-01
  onhand export counts --warehouse LEJ1
""",
    "exporting:returns": """Examples:
  onhand export returns returns.csv --from 2026-03-01
  onhand export returns --sku MUG-RED
""",
    "filling:report": """Examples:
  onhand capacity
  onhand capacity --warehouse LEJ1 --json | jq .[0].free
""",
    "count": """Examples:
  COUNT=$(onhand count start LEJ1 --sku MUG-RED --sku MUG-BLUE --json | jq -r .count_id)
  onhand count record $COUNT counted.csv
  onhand count post $COUNT
""",
    "count:start": """Examples:
  onhand count start LEJ1 --sku MUG-RED --sku MUG-BLUE
  onhand count start LEJ1 aisle-7.csv --approval-limit 5 --approval-value 100 --currency EUR
""",
    "count:record": """Columns: sku and counted_quantity; counted_at (a time like 2026-03-01T14:00:00Z) where it was \
not counted just now: what was sold since then is no variance.

Examples:
  onhand count record $COUNT counted.csv --dry-run
  onhand count record $COUNT counted.csv --report refused.csv
""",
    "count:look": """Examples:
  onhand count show $COUNT
""",
    "count:listing": """Examples:
  onhand count list --status open
""",
    "count:approve": """Examples:
  onhand count approve $COUNT
""",
    "count:post": """Examples:
  onhand count post $COUNT
""",
    "count:cancel": """Examples:
  onhand count cancel $COUNT
""",
    "reorder": """Examples:
  onhand reorder run --dry-run
""",
    "reordering:run": """What is on order counts, so it may be run again, and killed, at any moment. A server runs it \
once a day by itself, and looks at levels that fell below their threshold every two seconds.

Examples:
  onhand reorder run --dry-run
  onhand reorder run
  onhand reorder run --json | jq .orders
""",
    "reconciling:reconcile": """Exit code 0: clean. 1: there are differences, listed with their probable cause.

Examples:
  onhand reconcile
  onhand reconcile --repair
  onhand reconcile --json | jq .clean
""",
    "demo:demo": """Examples:
  onhand demo
  onhand demo --live --orders-per-second 5
""",
}
