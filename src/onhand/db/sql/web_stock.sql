-- Which products a page of stock shows: each query walks one index in its order and stops at a page, or reads the few
-- that match. What lies there is read afterwards, for those products only.

-- name: page_products_by_sku
SELECT product_id, sku, name FROM product
WHERE sku > :after_sku::text OR :after_sku::text IS NULL ORDER BY sku LIMIT :row_limit;

-- name: page_products_by_name
SELECT product_id, sku, name FROM product
WHERE (name, sku) > (:after_name::text, :after_sku::text) ORDER BY name, sku LIMIT :row_limit;

-- name: page_products_by_age
SELECT product_id, sku, name FROM product
WHERE product_id < :before::uuid ORDER BY product_id DESC LIMIT :row_limit;

-- name: page_products_of_alert
-- With an alert of this kind, at one warehouse.
SELECT product_id, sku, name FROM (
  SELECT alert.product_id, alert.sku FROM stock_alert alert
  WHERE alert.cell = :cell AND alert.kind = :kind AND alert.warehouse_id = :warehouse_id
    AND (alert.sku > :after_sku::text OR :after_sku::text IS NULL)
  ORDER BY alert.sku LIMIT :row_limit) alert
JOIN product USING (product_id, sku) ORDER BY sku;

-- name: page_products_of_alert_anywhere
SELECT product_id, sku, name FROM (
  SELECT DISTINCT alert.sku, alert.product_id FROM stock_alert alert
  WHERE alert.cell = :cell AND alert.kind = :kind AND (alert.sku > :after_sku::text OR :after_sku::text IS NULL)
  ORDER BY alert.sku LIMIT :row_limit) alert
JOIN product USING (product_id, sku) ORDER BY sku;

-- name: find_products_by_prefix
-- Whose SKU, in upper case, lies between the bounds: a range of the index whatever the collation.
SELECT product_id, sku, name FROM product
WHERE upper(sku) ~>=~ :low::text AND upper(sku) ~<~ :high::text
  AND (upper(sku) ~>~ :low::text OR sku > :after_sku::text OR :after_sku::text IS NULL)
ORDER BY upper(sku) USING ~<~, sku LIMIT :row_limit;

-- name: find_alerts_by_prefix
SELECT product_id, sku, name FROM (
  SELECT DISTINCT upper(alert.sku) COLLATE "C" AS place, alert.sku, alert.product_id FROM stock_alert alert
  WHERE alert.cell = :cell AND alert.kind = :kind
    AND upper(alert.sku) ~>=~ :low::text AND upper(alert.sku) ~<~ :high::text
    AND (upper(alert.sku) ~>~ :low::text OR alert.sku > :after_sku::text OR :after_sku::text IS NULL)
    AND (alert.warehouse_id = :warehouse_id::uuid OR :warehouse_id::uuid IS NULL)
  ORDER BY place, alert.sku LIMIT :row_limit) alert
JOIN product USING (product_id, sku) ORDER BY place, sku;

-- name: walk_products_by_words
-- Common words: among the next products in SKU order enough have them. Without those that the SKU itself has found.
WITH looked AS (
  SELECT product_id, sku, name FROM product
  WHERE sku > :after_sku::text OR :after_sku::text IS NULL ORDER BY sku LIMIT :walk_limit)
SELECT product_id, sku, name FROM looked
WHERE to_tsvector('simple', name) @@ to_tsquery('simple', :words::text) AND NOT starts_with(upper(sku), :prefix::text)
ORDER BY sku LIMIT :row_limit;

-- name: walk_alerts_by_words
WITH looked AS (
  SELECT DISTINCT alert.sku, alert.product_id FROM stock_alert alert
  WHERE alert.cell = :cell AND alert.kind = :kind AND (alert.sku > :after_sku::text OR :after_sku::text IS NULL)
    AND (alert.warehouse_id = :warehouse_id::uuid OR :warehouse_id::uuid IS NULL)
  ORDER BY alert.sku LIMIT :walk_limit)
SELECT product_id, sku, name FROM looked JOIN product USING (product_id, sku)
WHERE to_tsvector('simple', name) @@ to_tsquery('simple', :words::text) AND NOT starts_with(upper(sku), :prefix::text)
ORDER BY sku LIMIT :row_limit;

-- name: find_products_by_words
-- Rare words: all that have them, by the index.
WITH having_them AS MATERIALIZED (
  SELECT product_id, sku, name FROM product
  WHERE to_tsvector('simple', name) @@ to_tsquery('simple', :words::text))
SELECT product_id, sku, name FROM having_them
WHERE (sku > :after_sku::text OR :after_sku::text IS NULL) AND NOT starts_with(upper(sku), :prefix::text)
  AND (:kind::text IS NULL OR EXISTS (
    SELECT FROM stock_alert alert WHERE alert.cell = :cell AND alert.kind = :kind::text AND alert.sku = having_them.sku
      AND (alert.warehouse_id = :warehouse_id::uuid OR :warehouse_id::uuid IS NULL)))
ORDER BY sku LIMIT :row_limit;

-- name: read_stock_of_products
-- What lies in all warehouses, or in one.
SELECT product.sku, product.name, product.category, coalesce(sum(level.on_hand), 0) AS on_hand,
       coalesce(sum(level.reserved), 0) AS reserved, coalesce(sum(level.backordered), 0) AS backordered,
       coalesce(sum(level.on_hand - level.reserved), 0) AS available, coalesce(sum(level.incoming), 0) AS incoming,
       coalesce(bool_or(level.on_hand - level.backordered < level.reorder_threshold), false) AS below_threshold
FROM unnest(:product_ids::uuid[]) WITH ORDINALITY AS wanted (product_id, place) JOIN product USING (product_id)
LEFT JOIN level ON level.cell = :cell AND level.product_id = product.product_id
  AND (level.warehouse_id = :warehouse_id::uuid OR :warehouse_id::uuid IS NULL)
GROUP BY wanted.place, product.product_id ORDER BY wanted.place;
