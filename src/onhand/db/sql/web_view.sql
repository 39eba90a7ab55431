-- name: search_stock
-- Products in SKU order with what lies in all warehouses or in one. Walks the SKUs and stops at a page.
SELECT product.sku, product.name, product.category, stock.on_hand, stock.reserved, stock.backordered,
       stock.on_hand - stock.reserved AS available, stock.incoming, stock.below_threshold
FROM product CROSS JOIN LATERAL (
  SELECT coalesce(sum(on_hand), 0) AS on_hand, coalesce(sum(reserved), 0) AS reserved,
         coalesce(sum(backordered), 0) AS backordered, coalesce(sum(incoming), 0) AS incoming,
         coalesce(bool_or(level.on_hand - level.backordered < level.reorder_threshold), false) AS below_threshold
  FROM level WHERE level.cell = :cell AND level.product_id = product.product_id
    AND (level.warehouse_id = :warehouse_id::uuid OR :warehouse_id::uuid IS NULL)) stock
WHERE (:prefix::text IS NULL OR upper(product.sku) LIKE :prefix::text
       OR to_tsvector('simple', product.name) @@ to_tsquery('simple', :words::text))
  AND (product.sku > :after::text OR :after::text IS NULL)
  AND CASE :shown::text WHEN 'below' THEN stock.below_threshold WHEN 'backordered' THEN stock.backordered > 0
        WHEN 'none' THEN stock.on_hand <= 0 ELSE true END
ORDER BY product.sku LIMIT :row_limit;

-- name: sum_warehouses
-- Reads every level: for a background task, not for a page.
SELECT warehouse.code, warehouse.name, warehouse.latitude, warehouse.longitude, warehouse.active,
       count(level.product_id) AS levels, coalesce(sum(on_hand), 0) AS on_hand, coalesce(sum(reserved), 0) AS reserved,
       coalesce(sum(backordered), 0) AS backordered, coalesce(sum(incoming), 0) AS incoming,
       count(*) FILTER (WHERE level.on_hand - level.backordered < level.reorder_threshold) AS below_threshold,
       count(*) FILTER (WHERE level.on_hand <= level.reserved) AS stock_outs
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
