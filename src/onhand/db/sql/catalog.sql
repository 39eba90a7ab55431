-- name: find_products_by_sku
SELECT sku, product_id FROM product WHERE sku = ANY(:skus::text[]);

-- name: find_products
SELECT sku, product_id FROM product WHERE sku = ANY(:skus::text[]) OR product_id = ANY(:product_ids::uuid[]);

-- name: read_warehouses
-- With the rules of routing, which are read as often: a second question each second would be one too many.
SELECT warehouse_id, code, latitude, longitude, country, active, priority,
       (SELECT rules FROM routing_setting) AS rules
FROM warehouse ORDER BY code;

-- name: read_product
SELECT product_id, sku, name, category, weight_g, length_mm, width_mm, height_mm, selling_mode, selling_limit,
       release_date, created_at, updated_at
FROM product WHERE product_id = :product_id;

-- name: list_products
SELECT product_id, sku, name, category, weight_g, length_mm, width_mm, height_mm, selling_mode, selling_limit,
       release_date, created_at, updated_at
FROM product
WHERE (:query::text IS NULL OR sku ILIKE :query || '%%' OR name ILIKE '%%' || :query || '%%')
  AND (:after::text IS NULL OR sku > :after)
ORDER BY sku LIMIT :row_limit;

-- name: insert_product!
INSERT INTO product (product_id, sku, name, category, weight_g, length_mm, width_mm, height_mm, selling_mode,
                     selling_limit, release_date, created_at, updated_at)
VALUES (:product_id, :sku, :name, :category, :weight_g, :length_mm, :width_mm, :height_mm, :selling_mode,
        :selling_limit, :release_date, :now, :now);

-- name: update_product!
UPDATE product SET name = :name, category = :category, weight_g = :weight_g, length_mm = :length_mm,
  width_mm = :width_mm, height_mm = :height_mm, selling_mode = :selling_mode, selling_limit = :selling_limit,
  release_date = :release_date, updated_at = :now
WHERE product_id = :product_id;

-- name: lock_product
SELECT product_id FROM product WHERE product_id = :product_id FOR UPDATE;

-- name: read_warehouse
SELECT warehouse_id, code, name, latitude, longitude, country, postal_code, time_zone, capacity, active, created_at,
       updated_at, capacity_in, capacity_policy, priority
FROM warehouse WHERE warehouse_id = :warehouse_id;

-- name: lock_warehouse
SELECT warehouse_id FROM warehouse WHERE warehouse_id = :warehouse_id FOR UPDATE;

-- name: list_warehouses
SELECT warehouse_id, code, name, latitude, longitude, country, postal_code, time_zone, capacity, active, created_at,
       updated_at, capacity_in, capacity_policy, priority
FROM warehouse WHERE :after::text IS NULL OR code > :after ORDER BY code LIMIT :row_limit;

-- name: insert_warehouse!
INSERT INTO warehouse (warehouse_id, code, name, latitude, longitude, country, postal_code, time_zone, capacity,
                       active, created_at, updated_at)
VALUES (:warehouse_id, :code, :name, :latitude, :longitude, :country, :postal_code, :time_zone, :capacity, :active,
        :now, :now);

-- name: update_warehouse!
UPDATE warehouse SET name = :name, latitude = :latitude, longitude = :longitude, country = :country,
  postal_code = :postal_code, time_zone = :time_zone, capacity = :capacity, active = :active, updated_at = :now
WHERE warehouse_id = :warehouse_id;

-- name: insert_products
-- Those whose SKU is taken already are left out of the answer.
INSERT INTO product (product_id, sku, name, category, weight_g, length_mm, width_mm, height_mm, selling_mode,
                     selling_limit, release_date, created_at, updated_at)
SELECT product_id, sku, name, category, weight_g, length_mm, width_mm, height_mm, selling_mode, selling_limit,
       release_date, :now, :now
FROM unnest(:product_ids::uuid[], :skus::text[], :names::text[], :categories::text[], :weights::int8[],
            :lengths::int8[], :widths::int8[], :heights::int8[], :modes::text[], :selling_limits::int8[],
            :release_dates::date[])
  AS new (product_id, sku, name, category, weight_g, length_mm, width_mm, height_mm, selling_mode, selling_limit,
          release_date)
ORDER BY sku
ON CONFLICT (sku) DO NOTHING
RETURNING sku, product_id;

-- name: read_due_preorders
SELECT product_id FROM product WHERE selling_mode = 'preorder' AND release_date <= :today ORDER BY product_id;
