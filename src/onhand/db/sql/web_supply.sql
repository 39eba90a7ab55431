-- name: list_replenishment
-- Levels with too little that can be counted on, in SKU order: all that decides whether and how many are ordered. Walks
-- the alerts of kind reorder and stops at a page.
SELECT alert.sku, product.name, warehouse.code AS warehouse, alert.warehouse_id, level.on_hand, level.reserved,
       level.backordered, level.quality_control, level.incoming, coalesce(draft.units, 0)::bigint AS drafted,
       level.reorder_threshold, level.reorder_quantity, chosen.code AS supplier, chosen.lead_time_days,
       chosen.minimum_order, chosen.pack_size
FROM stock_alert alert
JOIN level USING (cell, product_id, warehouse_id)
JOIN product USING (product_id)
JOIN warehouse ON warehouse.warehouse_id = alert.warehouse_id AND warehouse.active
LEFT JOIN LATERAL (
  SELECT sum(line.open) AS units FROM purchase_order_line line JOIN purchase_order USING (cell, purchase_order_id)
  WHERE line.cell = alert.cell AND line.product_id = alert.product_id AND line.warehouse_id = alert.warehouse_id
    AND line.open > 0 AND purchase_order.status = 'draft') draft ON true
LEFT JOIN LATERAL (
  SELECT supplier.code, lead_time_days, minimum_order, pack_size
  FROM supplier_product JOIN supplier USING (supplier_id)
  WHERE supplier_product.product_id = alert.product_id AND supplier.active
  ORDER BY priority, lead_time_days, supplier_id LIMIT 1) chosen ON true
WHERE alert.cell = :cell AND alert.kind = 'reorder'
  AND (alert.warehouse_id = :warehouse_id::uuid OR :warehouse_id::uuid IS NULL)
  AND (chosen.code = :supplier::text OR :supplier::text IS NULL)
  AND (NOT :lacking::boolean OR level.on_hand - level.backordered + level.quality_control + level.incoming
       + coalesce(draft.units, 0) < level.reorder_threshold)
  AND ((alert.sku, alert.warehouse_id) > (:after_sku::text, :after_warehouse::uuid) OR :after_sku::text IS NULL)
ORDER BY alert.sku, alert.warehouse_id LIMIT :row_limit;

-- name: list_purchase_order_heads
-- Newest first, a row per order. due_until: only those under way whose day is that one or earlier.
SELECT purchase_order.purchase_order_id, supplier.code AS supplier, supplier.name AS supplier_name,
       purchase_order.status, purchase_order.expected_arrival_date, purchase_order.placed_at,
       purchase_order.created_at, purchase_order.created_by, line.lines, line.units, line.received, line.open
FROM purchase_order JOIN supplier USING (supplier_id)
CROSS JOIN LATERAL (
  SELECT count(*) AS lines, coalesce(sum(quantity), 0) AS units, coalesce(sum(received), 0) AS received,
         coalesce(sum(open), 0) AS open
  FROM purchase_order_line line
  WHERE line.cell = purchase_order.cell AND line.purchase_order_id = purchase_order.purchase_order_id) line
WHERE purchase_order.cell = :cell
  AND (purchase_order_id < :before::uuid OR :before::uuid IS NULL)
  AND (purchase_order.status = :status::text OR :status::text IS NULL)
  AND (supplier.code = :supplier::text OR :supplier::text IS NULL)
  AND (:due_until::date IS NULL OR (purchase_order.status IN ('placed', 'partially_received')
       AND purchase_order.expected_arrival_date <= :due_until::date))
ORDER BY purchase_order_id DESC LIMIT :row_limit;

-- name: count_purchase_orders_due
SELECT count(*) FILTER (WHERE expected_arrival_date = :today::date) AS today,
       count(*) FILTER (WHERE expected_arrival_date < :today::date) AS late
FROM purchase_order
WHERE cell = :cell AND status IN ('placed', 'partially_received') AND expected_arrival_date <= :today::date;

-- name: list_supplier_heads
SELECT supplier.code, supplier.name, supplier.active, supplier.reorders,
       (SELECT count(*) FROM supplier_product sold WHERE sold.supplier_id = supplier.supplier_id) AS products,
       (SELECT count(*) FROM purchase_order po WHERE po.supplier_id = supplier.supplier_id AND po.cell = :cell
          AND po.status IN ('placed', 'partially_received')) AS under_way
FROM supplier WHERE :after::text IS NULL OR supplier.code > :after ORDER BY supplier.code LIMIT :row_limit;

-- name: list_products_of_supplier
SELECT product.sku, product.name, sold.supplier_sku, sold.lead_time_days, sold.minimum_order, sold.pack_size,
       sold.unit_cost::text AS unit_cost, sold.priority
FROM supplier_product sold JOIN product USING (product_id)
WHERE sold.supplier_id = :supplier_id AND (product.sku > :after::text OR :after::text IS NULL)
ORDER BY product.sku LIMIT :row_limit;

-- name: delete_supplier_product!
DELETE FROM supplier_product WHERE supplier_id = :supplier_id AND product_id = :product_id;
