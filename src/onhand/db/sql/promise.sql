-- name: read_calendars
SELECT warehouse_id, code, country, time_zone, cutoff_time, handling_days, receiving_days, working_days, holidays,
       holiday_region, closed_on, active
FROM warehouse ORDER BY code;

-- name: read_calendars_of
SELECT warehouse_id, code, country, time_zone, cutoff_time, handling_days, receiving_days, working_days, holidays,
       holiday_region, closed_on, active
FROM warehouse WHERE warehouse_id = ANY(:warehouse_ids::uuid[]);

-- name: set_calendar!
UPDATE warehouse SET cutoff_time = :cutoff_time::time, handling_days = :handling_days, receiving_days = :receiving_days,
  working_days = :working_days::integer[], holidays = :holidays, holiday_region = :holiday_region,
  closed_on = :closed_on::date[]
WHERE warehouse_id = :warehouse_id;

-- name: read_selling
-- How products sell, and who would be asked for more of them.
SELECT product.product_id, product.sku, product.selling_mode, product.selling_limit, product.release_date,
       chosen.supplier, chosen.lead_time_days, chosen.lead_time_in,
       chosen.country, chosen.holiday_region
FROM product LEFT JOIN LATERAL (
  SELECT supplier.code AS supplier, lead_time_days, lead_time_in, supplier.country, holiday_region
  FROM supplier_product JOIN supplier USING (supplier_id)
  WHERE supplier_product.product_id = product.product_id AND supplier.active
  ORDER BY priority, lead_time_days, supplier_id LIMIT 1) chosen ON true
WHERE product.product_id = ANY(:product_ids::uuid[]);

-- name: read_incoming
-- What is on its way: open lines of placed purchase orders, and transfers.
SELECT line.product_id, line.warehouse_id, 'purchase_order' AS type, line.purchase_order_id AS source_id, line.line,
       line.open AS units, purchase_order.expected_arrival_date AS expected, supplier.code AS origin,
       NULL::uuid AS from_warehouse_id, purchase_order.created_at
FROM purchase_order_line line JOIN purchase_order USING (cell, purchase_order_id) JOIN supplier USING (supplier_id)
WHERE line.cell = :cell AND line.product_id = ANY(:product_ids::uuid[]) AND line.open > 0
  AND purchase_order.status IN ('placed', 'partially_received')
UNION ALL
SELECT line.product_id, transfer.to_warehouse_id, 'transfer', line.transfer_id, line.line,
       line.quantity - line.received - line.cancelled, NULL, warehouse.code, transfer.from_warehouse_id,
       transfer.created_at
FROM transfer_line line JOIN transfer USING (cell, transfer_id)
JOIN warehouse ON warehouse.warehouse_id = transfer.from_warehouse_id
WHERE line.cell = :cell AND line.product_id = ANY(:product_ids::uuid[])
  AND line.quantity > line.received + line.cancelled;
