-- name: read_stock
-- One row per product, whatever the number of its warehouses.
SELECT product.product_id, product.sku, product.selling_mode, product.release_date,
       places.warehouse_ids, places.versions, places.availables, places.backorder_limits
FROM product CROSS JOIN LATERAL (
  SELECT array_agg(level.warehouse_id) AS warehouse_ids, array_agg(level.version) AS versions,
         array_agg(level.on_hand - level.reserved) AS availables, array_agg(level.backorder_limit) AS backorder_limits
  FROM level WHERE level.cell = :cell AND level.product_id = product.product_id) AS places
WHERE product.sku = ANY(:skus::text[]);
