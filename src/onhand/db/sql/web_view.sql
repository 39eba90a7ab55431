-- name: sum_warehouses
-- Reads every level: for a background task, not for a page.
SELECT warehouse.code, warehouse.name, warehouse.latitude, warehouse.longitude, warehouse.active,
       count(level.product_id) AS levels, coalesce(sum(on_hand), 0) AS on_hand, coalesce(sum(reserved), 0) AS reserved,
       coalesce(sum(backordered), 0) AS backordered, coalesce(sum(incoming), 0) AS incoming,
       count(*) FILTER (WHERE level.on_hand - level.backordered < level.reorder_threshold) AS below_threshold,
       count(*) FILTER (WHERE level.on_hand <= level.reserved) AS stock_outs,
       count(*) FILTER (WHERE level.on_hand = 0) AS empty
FROM warehouse LEFT JOIN level USING (warehouse_id) GROUP BY warehouse.warehouse_id ORDER BY warehouse.code;

-- name: count_operations
-- By minute and type. Ids begin with their time, so this reads a range of the key. step: seconds.
SELECT date_bin(make_interval(secs => :step::integer), created_at, 'epoch') AS at, type, count(*) AS operations
FROM operation WHERE cell = :cell AND operation_id >= :first::uuid AND operation_id < :last::uuid GROUP BY at, type;

-- name: list_operations_of_reservation
-- What happened to it, oldest first: its RESERVE has its id, the others refer to it.
SELECT ledger.type, warehouse.code AS warehouse, product.sku, quantity, reason, ledger.created_at, created_by
FROM ledger JOIN product USING (product_id) JOIN warehouse USING (warehouse_id)
WHERE cell = :cell AND (operation_id = :reservation_id::uuid OR reference_id = :reservation_id::uuid::text)
ORDER BY txn_id LIMIT :row_limit;

-- name: add_refusals!
INSERT INTO refusal (at, process_id, orders) VALUES (:at, :process_id, :orders)
ON CONFLICT (at, process_id) DO UPDATE SET orders = refusal.orders + EXCLUDED.orders;

-- name: count_refusals
SELECT at, sum(orders) AS orders FROM refusal WHERE at >= :since AND at < :until GROUP BY at;

-- name: delete_refusals!
DELETE FROM refusal WHERE at < :before;
