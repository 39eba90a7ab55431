-- name: read_stock
-- One row per product, whatever the number of its warehouses: its levels as bytes, warehouse, version, available and
-- backorder limit (-1: none) of each. Arrays would be read element by element, with a call for each id.
SELECT product.product_id, product.sku, product.selling_mode, product.release_date, places.levels
FROM product CROSS JOIN LATERAL (
  SELECT string_agg(uuid_send(level.warehouse_id) || int8send(level.version)
                    || int4send(level.on_hand - level.reserved) || int4send(coalesce(level.backorder_limit, -1)),
                    ''::bytea) AS levels
  FROM level WHERE level.cell = :cell AND level.product_id = product.product_id) AS places
WHERE product.sku = ANY(:skus::text[]);
