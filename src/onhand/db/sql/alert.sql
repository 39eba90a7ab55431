-- name: refresh_alerts!
-- What these levels want attention for, as they are now. After their rows were written, in the same transaction and so
-- under their locks: two transactions never write the same alerts.
WITH state AS MATERIALIZED (
  SELECT level.cell, kind.name AS kind, product.sku, level.product_id, level.warehouse_id, kind.holds
  FROM unnest(:product_ids::uuid[], :warehouse_ids::uuid[]) AS wanted (product_id, warehouse_id)
  JOIN level USING (product_id, warehouse_id) JOIN product USING (product_id)
  CROSS JOIN LATERAL (VALUES
    ('below', on_hand - backordered < reorder_threshold),
    ('reorder', on_hand - backordered + quality_control < reorder_threshold),
    ('backordered', backordered > 0),
    ('none', on_hand = 0)) AS kind (name, holds)
  WHERE level.cell = :cell),
ended AS (
  DELETE FROM stock_alert USING state
  WHERE stock_alert.cell = :cell AND stock_alert.kind = state.kind AND stock_alert.sku = state.sku
    AND stock_alert.warehouse_id = state.warehouse_id AND state.holds IS NOT TRUE)
INSERT INTO stock_alert (cell, kind, sku, product_id, warehouse_id)
SELECT cell, kind, sku, product_id, warehouse_id FROM state WHERE holds ON CONFLICT DO NOTHING;
