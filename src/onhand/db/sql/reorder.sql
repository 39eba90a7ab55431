-- name: insert_reorder_notes!
INSERT INTO reorder_note (cell, note_id, product_id, warehouse_id)
SELECT :cell, note_id, product_id, warehouse_id
FROM unnest(:note_ids::uuid[], :product_ids::uuid[], :warehouse_ids::uuid[]) AS new (note_id, product_id, warehouse_id);

-- name: read_reorder_notes
SELECT note_id, product_id, warehouse_id FROM reorder_note WHERE cell = :cell ORDER BY note_id LIMIT :row_limit;

-- name: delete_reorder_notes!
DELETE FROM reorder_note WHERE cell = :cell AND note_id = ANY(:note_ids::uuid[]);

-- name: read_drafted
-- Units that drafts would bring to these levels; read under the levels' locks, which every change of a draft takes.
SELECT line.product_id, line.warehouse_id, sum(line.open)::bigint AS units
FROM unnest(:product_ids::uuid[], :warehouse_ids::uuid[]) AS wanted (product_id, warehouse_id)
JOIN purchase_order_line line USING (product_id, warehouse_id) JOIN purchase_order USING (cell, purchase_order_id)
WHERE line.cell = :cell AND line.open > 0 AND purchase_order.status = 'draft'
GROUP BY line.product_id, line.warehouse_id;

-- name: find_reorders_of
-- Which of these levels are below their threshold, with all that is on order counted, and who is asked first.
SELECT level.product_id, level.warehouse_id,
       (level.on_hand - level.backordered + level.quality_control + level.incoming + coalesce(draft.units, 0))::bigint AS position,
       level.reorder_threshold, level.reorder_quantity, chosen.supplier_id, chosen.lead_time_days,
       chosen.minimum_order, chosen.pack_size, took.days AS took_days, count(*) OVER () AS levels
FROM unnest(:product_ids::uuid[], :warehouse_ids::uuid[]) AS wanted (product_id, warehouse_id)
JOIN level USING (product_id, warehouse_id)
JOIN warehouse ON warehouse.warehouse_id = level.warehouse_id AND warehouse.active
LEFT JOIN LATERAL (
  SELECT sum(line.open) AS units FROM purchase_order_line line JOIN purchase_order USING (cell, purchase_order_id)
  WHERE line.cell = level.cell AND line.product_id = level.product_id AND line.warehouse_id = level.warehouse_id
    AND line.open > 0 AND purchase_order.status = 'draft') draft ON true
LEFT JOIN LATERAL (
  SELECT supplier_id, lead_time_days, minimum_order, pack_size FROM supplier_product JOIN supplier USING (supplier_id)
  WHERE supplier_product.product_id = level.product_id AND supplier.active
  ORDER BY priority, lead_time_days, supplier_id LIMIT 1) chosen ON true
LEFT JOIN measured_lead_time took ON took.supplier_id = chosen.supplier_id AND took.product_id = level.product_id
WHERE level.cell = :cell
  AND level.on_hand - level.backordered + level.quality_control + level.incoming + coalesce(draft.units, 0) < level.reorder_threshold
ORDER BY chosen.supplier_id, level.product_id, level.warehouse_id;

-- name: find_reorders
-- The same over every level, and how many they are: one parallel pass over level, then a look at the first choice of each
-- of the few that are low. MATERIALIZED keeps the pass apart: else its workers would be given up for what follows it.
WITH low AS MATERIALIZED (
  SELECT cell, product_id, warehouse_id, on_hand - backordered + quality_control + incoming AS position,
         reorder_threshold, reorder_quantity
  FROM level
  WHERE cell = :cell AND on_hand - backordered + quality_control + incoming < reorder_threshold),
draft AS (
  SELECT line.cell, line.product_id, line.warehouse_id, sum(line.open) AS units
  FROM purchase_order JOIN purchase_order_line line USING (cell, purchase_order_id)
  WHERE line.cell = :cell AND line.open > 0 AND purchase_order.status = 'draft'
  GROUP BY line.cell, line.product_id, line.warehouse_id)
SELECT low.product_id, low.warehouse_id, (low.position + coalesce(draft.units, 0))::bigint AS position,
       low.reorder_threshold, low.reorder_quantity, chosen.supplier_id, chosen.lead_time_days,
       chosen.minimum_order, chosen.pack_size, took.days AS took_days, count(*) OVER () AS levels
FROM low
JOIN warehouse ON warehouse.warehouse_id = low.warehouse_id AND warehouse.active
LEFT JOIN draft ON draft.cell = low.cell AND draft.product_id = low.product_id AND draft.warehouse_id = low.warehouse_id
LEFT JOIN LATERAL (
  SELECT supplier_id, lead_time_days, minimum_order, pack_size FROM supplier_product JOIN supplier USING (supplier_id)
  WHERE supplier_product.product_id = low.product_id AND supplier.active
  ORDER BY priority, lead_time_days, supplier_id LIMIT 1) chosen ON true
LEFT JOIN measured_lead_time took ON took.supplier_id = chosen.supplier_id AND took.product_id = low.product_id
WHERE low.position + coalesce(draft.units, 0) < low.reorder_threshold
ORDER BY chosen.supplier_id, low.product_id, low.warehouse_id;
