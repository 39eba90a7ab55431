-- name: read_shelves
-- For the plans of a batch: no lock, no promise. One row per product: ten rows cost more to fetch than to read.
SELECT product_id, string_agg(uuid_send(warehouse_id), '') AS warehouses,
       array_agg(on_hand - reserved + backordered) AS free
FROM level WHERE cell = :cell AND product_id = ANY(:product_ids::uuid[])
GROUP BY product_id;

-- name: read_shelves_and_safety
-- As read_shelves, where a rule wants safety stock to be left.
SELECT product_id, string_agg(uuid_send(warehouse_id), '') AS warehouses,
       array_agg(on_hand - reserved + backordered) AS free, array_agg(safety_stock) AS safety
FROM level WHERE cell = :cell AND product_id = ANY(:product_ids::uuid[])
GROUP BY product_id;

-- name: read_routing_setting
SELECT rules, updated_at, updated_by FROM routing_setting;

-- name: put_routing_setting!
INSERT INTO routing_setting (rules, updated_at, updated_by) VALUES (:rules::text[], :now, :actor)
ON CONFLICT (routing_setting_id) DO UPDATE
  SET rules = EXCLUDED.rules, updated_at = EXCLUDED.updated_at, updated_by = EXCLUDED.updated_by;

-- name: set_warehouse_priority!
UPDATE warehouse SET priority = :priority WHERE warehouse_id = :warehouse_id;

-- name: read_levels_of_products
-- For a quote: no lock, no promise.
SELECT product_id, warehouse_id, on_hand, reserved, backordered, damaged, quality_control, incoming, version,
       backorder_limit, reorder_threshold, set_aside, safety_stock
FROM level WHERE cell = :cell AND product_id = ANY(:product_ids::uuid[])
ORDER BY product_id, warehouse_id;

-- name: find_postal_code
SELECT latitude, longitude FROM postal_code WHERE country = :country AND postal_code = :postal_code;

-- name: put_postal_codes!
INSERT INTO postal_code (country, postal_code, latitude, longitude)
SELECT country, postal_code, latitude, longitude
FROM unnest(:countries::text[], :postal_codes::text[], :latitudes::float8[], :longitudes::float8[])
  AS new (country, postal_code, latitude, longitude)
ON CONFLICT (country, postal_code) DO UPDATE SET latitude = EXCLUDED.latitude, longitude = EXCLUDED.longitude;

-- name: read_warehouse_revision
SELECT revision FROM warehouse_revision;

-- name: move_warehouse_revision!
-- Last in a transaction that changes warehouses: the next one waits for it, and the engine does not.
UPDATE warehouse_revision SET revision = revision + 1;
