-- name: find_levels_of_purchase_orders
SELECT DISTINCT product_id, warehouse_id FROM purchase_order_line
WHERE cell = :cell AND purchase_order_id = ANY(:purchase_order_ids::uuid[]);

-- name: read_purchase_orders
SELECT purchase_order_id, supplier_id, status, expected_arrival_date, placed_at, created_at, created_by
FROM purchase_order WHERE cell = :cell AND purchase_order_id = ANY(:purchase_order_ids::uuid[]);

-- name: read_purchase_order_lines
SELECT purchase_order_id, line, product_id, warehouse_id, quantity, received, damaged, quality_control, cancelled
FROM purchase_order_line
WHERE cell = :cell AND purchase_order_id = ANY(:purchase_order_ids::uuid[]) ORDER BY purchase_order_id, line;

-- name: insert_purchase_orders!
INSERT INTO purchase_order (cell, purchase_order_id, supplier_id, status, expected_arrival_date, placed_at, created_at,
                            created_by)
SELECT :cell, purchase_order_id, supplier_id, status, expected_arrival_date::date, placed_at, :now, created_by
FROM unnest(:purchase_order_ids::uuid[], :supplier_ids::uuid[], :statuses::text[], :arrival_dates::text[],
            :placed_ats::timestamptz[], :actors::text[])
  AS new (purchase_order_id, supplier_id, status, expected_arrival_date, placed_at, created_by);

-- name: update_purchase_orders!
UPDATE purchase_order SET status = new.status, expected_arrival_date = new.expected_arrival_date::date,
  placed_at = new.placed_at
FROM unnest(:purchase_order_ids::uuid[], :statuses::text[], :arrival_dates::text[], :placed_ats::timestamptz[])
  AS new (purchase_order_id, status, expected_arrival_date, placed_at)
WHERE purchase_order.cell = :cell AND purchase_order.purchase_order_id = new.purchase_order_id;

-- name: insert_purchase_order_lines!
INSERT INTO purchase_order_line (cell, purchase_order_id, line, product_id, warehouse_id, quantity, received, damaged,
                                 quality_control, cancelled, open)
SELECT :cell, purchase_order_id, line, product_id, warehouse_id, quantity, received, damaged, quality_control,
       cancelled, open
FROM unnest(:purchase_order_ids::uuid[], :line_numbers::int8[], :product_ids::uuid[], :warehouse_ids::uuid[],
            :quantities::int8[], :receiveds::int8[], :damageds::int8[], :quality_controls::int8[], :cancelleds::int8[],
            :opens::int8[])
  AS new (purchase_order_id, line, product_id, warehouse_id, quantity, received, damaged, quality_control, cancelled,
          open);

-- name: update_purchase_order_lines!
UPDATE purchase_order_line SET received = new.received, damaged = new.damaged, quality_control = new.quality_control,
  cancelled = new.cancelled, open = new.open
FROM unnest(:purchase_order_ids::uuid[], :line_numbers::int8[], :receiveds::int8[], :damageds::int8[],
            :quality_controls::int8[], :cancelleds::int8[], :opens::int8[])
  AS new (purchase_order_id, line, received, damaged, quality_control, cancelled, open)
WHERE purchase_order_line.cell = :cell AND purchase_order_line.purchase_order_id = new.purchase_order_id
  AND purchase_order_line.line = new.line;

-- name: find_purchase_orders
SELECT purchase_order_id FROM purchase_order
WHERE cell = :cell AND (purchase_order_id < :before::uuid OR :before::uuid IS NULL)
  AND (status = :status::text OR :status::text IS NULL)
  AND (supplier_id = :supplier_id::uuid OR :supplier_id::uuid IS NULL)
ORDER BY purchase_order_id DESC LIMIT :row_limit;

-- name: find_incoming_differences
-- Levels against what is on its way to them: open lines of placed purchase orders, and transfers.
WITH arriving AS (
  SELECT line.cell, line.product_id, line.warehouse_id, line.open
  FROM purchase_order_line line JOIN purchase_order USING (cell, purchase_order_id)
  WHERE line.open > 0 AND purchase_order.status IN ('placed', 'partially_received')
  UNION ALL
  SELECT line.cell, line.product_id, transfer.to_warehouse_id, line.quantity - line.received - line.cancelled
  FROM transfer_line line JOIN transfer USING (cell, transfer_id)
  WHERE line.quantity > line.received + line.cancelled),
sums AS (SELECT cell, product_id, warehouse_id, sum(open) AS open FROM arriving GROUP BY cell, product_id, warehouse_id)
SELECT product_id, warehouse_id, coalesce(level.incoming, 0) AS level_incoming, coalesce(sums.open, 0)::bigint AS arriving
FROM level FULL JOIN sums USING (cell, product_id, warehouse_id)
WHERE coalesce(level.incoming, 0) <> coalesce(sums.open, 0)
ORDER BY product_id, warehouse_id LIMIT :row_limit;

-- name: read_order_sheet
-- All that a supplier must know of one order, a row per line.
SELECT supplier.code AS supplier, supplier.name AS supplier_name, purchase_order.status,
       purchase_order.expected_arrival_date, purchase_order.placed_at, line.line, product.sku, product.name AS product,
       sold.supplier_sku, warehouse.code AS warehouse, warehouse.name AS warehouse_name, line.quantity,
       sold.unit_cost::text AS unit_cost
FROM purchase_order JOIN supplier USING (supplier_id)
JOIN purchase_order_line line USING (cell, purchase_order_id)
JOIN product ON product.product_id = line.product_id
JOIN warehouse ON warehouse.warehouse_id = line.warehouse_id
LEFT JOIN supplier_product sold ON sold.supplier_id = supplier.supplier_id AND sold.product_id = line.product_id
WHERE purchase_order.cell = :cell AND purchase_order.purchase_order_id = :purchase_order_id
ORDER BY line.line;

-- name: export_purchase_orders
-- One row per line, oldest order first.
SELECT purchase_order.purchase_order_id, supplier.code AS supplier, purchase_order.status,
       purchase_order.expected_arrival_date, purchase_order.placed_at, purchase_order.created_at,
       purchase_order.created_by, line.line, product.sku, warehouse.code AS warehouse, line.quantity, line.received,
       line.open, line.damaged, line.quality_control, line.cancelled
FROM purchase_order JOIN supplier USING (supplier_id)
JOIN purchase_order_line line USING (cell, purchase_order_id)
JOIN product ON product.product_id = line.product_id JOIN warehouse ON warehouse.warehouse_id = line.warehouse_id
WHERE purchase_order.cell = :cell
  AND (line.product_id = :product_id::uuid OR :product_id::uuid IS NULL)
  AND (line.warehouse_id = :warehouse_id::uuid OR :warehouse_id::uuid IS NULL)
  AND (purchase_order.created_at >= :from_time::timestamptz OR :from_time::timestamptz IS NULL)
  AND (purchase_order.created_at < :to_time::timestamptz OR :to_time::timestamptz IS NULL)
ORDER BY purchase_order.purchase_order_id, line.line;
