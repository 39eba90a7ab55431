-- name: find_imported_chunks
-- Which chunks of a file have been received, and when.
SELECT operation_id, created_at FROM operation WHERE cell = :cell AND operation_id = ANY(:operation_ids::uuid[]);

-- name: lock_import
-- One process at a time imports the same content; released with the connection, even by a crash.
SELECT pg_try_advisory_lock(:digest::bigint) AS locked;

-- name: export_products
SELECT sku, name, category, weight_g, length_mm, width_mm, height_mm, selling_mode, selling_limit, release_date
FROM product WHERE product_id = :product_id::uuid OR :product_id::uuid IS NULL ORDER BY sku;

-- name: export_stock
SELECT product.sku, warehouse.code AS warehouse, level.on_hand AS quantity
FROM level JOIN product USING (product_id) JOIN warehouse USING (warehouse_id)
WHERE level.cell = :cell AND level.on_hand > 0
  AND (level.product_id = :product_id::uuid OR :product_id::uuid IS NULL)
  AND (level.warehouse_id = :warehouse_id::uuid OR :warehouse_id::uuid IS NULL)
ORDER BY level.product_id, level.warehouse_id;

-- name: export_levels
SELECT product.sku, warehouse.code AS warehouse, level.on_hand, level.reserved, level.backordered,
       level.on_hand - level.reserved AS available, level.incoming, level.damaged, level.quality_control,
       level.reorder_threshold, level.reorder_quantity, level.backorder_limit, level.safety_stock,
       level.set_aside
FROM level JOIN product USING (product_id) JOIN warehouse USING (warehouse_id)
WHERE level.cell = :cell
  AND (level.product_id = :product_id::uuid OR :product_id::uuid IS NULL)
  AND (level.warehouse_id = :warehouse_id::uuid OR :warehouse_id::uuid IS NULL)
ORDER BY level.product_id, level.warehouse_id;

-- name: export_warehouses
SELECT code, name, latitude, longitude, country, postal_code, time_zone, capacity, capacity_in, capacity_policy, active,
       priority, to_char(cutoff_time, 'HH24:MI') AS cutoff_time, handling_days, receiving_days,
       (SELECT string_agg((ARRAY['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'])[day],
                          ' ' ORDER BY day) FROM unnest(working_days) day) AS working_days,
       holidays, holiday_region, array_to_string(closed_on, ' ') AS closed_on
FROM warehouse WHERE warehouse_id = :warehouse_id::uuid OR :warehouse_id::uuid IS NULL ORDER BY code;

-- name: export_ledger
-- Oldest first: ids sort by time.
SELECT ledger.txn_id, ledger.operation_id, ledger.type, product.sku, warehouse.code AS warehouse, ledger.quantity,
       ledger.on_hand, ledger.reserved, ledger.reason, ledger.reference_type, ledger.reference_id,
       ledger.created_at, ledger.created_by, coalesce(damaged.quantity, 0) AS damaged_change,
       coalesce(inspected.quantity, 0) AS quality_control_change, coalesce(kept.quantity, 0) AS set_aside_change
FROM ledger JOIN product USING (product_id) JOIN warehouse USING (warehouse_id)
LEFT JOIN ledger_state damaged ON damaged.cell = ledger.cell AND damaged.txn_id = ledger.txn_id
  AND damaged.state = 'damaged'
LEFT JOIN ledger_state inspected ON inspected.cell = ledger.cell AND inspected.txn_id = ledger.txn_id
  AND inspected.state = 'quality_control'
LEFT JOIN ledger_state kept ON kept.cell = ledger.cell AND kept.txn_id = ledger.txn_id AND kept.state = 'safety_stock'
WHERE ledger.cell = :cell
  AND (ledger.product_id = :product_id::uuid OR :product_id::uuid IS NULL)
  AND (ledger.warehouse_id = :warehouse_id::uuid OR :warehouse_id::uuid IS NULL)
  AND (ledger.type = :type::text OR :type::text IS NULL)
  AND (ledger.created_at >= :from_time::timestamptz OR :from_time::timestamptz IS NULL)
  AND (ledger.created_at < :to_time::timestamptz OR :to_time::timestamptz IS NULL)
ORDER BY ledger.txn_id;

-- name: export_reservations
-- One row per line and warehouse, oldest first.
SELECT reservation.reservation_id, reservation.order_id, reservation.status, reservation.created_at,
       reservation.expires_at, line.line, product.sku, warehouse.code AS warehouse, line.quantity,
       line.quantity - line.fulfilled - line.released AS open, line.fulfilled, line.released, line.backordered
FROM reservation JOIN reservation_line line USING (cell, reservation_id)
JOIN product ON product.product_id = line.product_id JOIN warehouse ON warehouse.warehouse_id = line.warehouse_id
WHERE reservation.cell = :cell
  AND (line.product_id = :product_id::uuid OR :product_id::uuid IS NULL)
  AND (line.warehouse_id = :warehouse_id::uuid OR :warehouse_id::uuid IS NULL)
  AND (reservation.created_at >= :from_time::timestamptz OR :from_time::timestamptz IS NULL)
  AND (reservation.created_at < :to_time::timestamptz OR :to_time::timestamptz IS NULL)
ORDER BY reservation.reservation_id, line.line, line.warehouse_id;

-- name: read_server_health
-- For doctor. size_bytes is that of the database.
SELECT current_setting('server_version_num')::integer AS version_number,
       current_setting('server_version') AS version,
       current_setting('fsync') AS fsync, current_setting('full_page_writes') AS full_page_writes,
       current_setting('synchronous_commit') AS synchronous_commit,
       clock_timestamp() AS now, pg_database_size(current_database()) AS size_bytes;

-- name: read_ledger_rights
SELECT role.rolsuper AS superuser,
       has_table_privilege('ledger', 'UPDATE') OR has_table_privilege('ledger', 'DELETE')
         OR has_table_privilege('ledger', 'TRUNCATE') AS may_change
FROM pg_roles role WHERE role.rolname = current_user;
