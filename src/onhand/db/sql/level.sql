-- name: find_levels_of_reservations
SELECT DISTINCT product_id, warehouse_id FROM reservation_line
WHERE cell = :cell AND reservation_id = ANY(:reservation_ids::uuid[]);

-- name: find_levels_of_transfers
SELECT line.product_id, unnest(ARRAY[transfer.from_warehouse_id, transfer.to_warehouse_id]) AS warehouse_id
FROM transfer JOIN transfer_line line USING (cell, transfer_id)
WHERE cell = :cell AND transfer_id = ANY(:transfer_ids::uuid[]);

-- name: lock_levels
-- Key order over the whole batch: overlapping batches queue instead of deadlocking.
SELECT level.product_id, level.warehouse_id, level.on_hand, level.reserved, level.backordered,
       level.damaged, level.quality_control, level.incoming, level.version, level.backorder_limit,
       level.reorder_threshold, level.set_aside
FROM level JOIN unnest(:product_ids::uuid[], :warehouse_ids::uuid[]) AS wanted (product_id, warehouse_id)
  USING (product_id, warehouse_id)
WHERE level.cell = :cell
ORDER BY level.product_id, level.warehouse_id
FOR UPDATE OF level;

-- name: read_backorder_limits
-- For levels about to be made. FOR SHARE: a change of the product's selling mode waits, so none is made with an old limit.
SELECT product_id, CASE selling_mode WHEN 'deny' THEN 0 ELSE selling_limit END AS backorder_limit
FROM product WHERE product_id = ANY(:product_ids::uuid[]) ORDER BY product_id FOR SHARE;

-- name: update_levels!
-- Under the locks of lock_levels, so the values are the whole truth.
UPDATE level SET on_hand = new.on_hand, reserved = new.reserved, backordered = new.backordered,
  incoming = new.incoming, version = new.version
FROM unnest(:product_ids::uuid[], :warehouse_ids::uuid[], :on_hands::int8[], :reserveds::int8[],
            :backordereds::int8[], :incomings::int8[], :versions::int8[])
  AS new (product_id, warehouse_id, on_hand, reserved, backordered, incoming, version)
WHERE level.cell = :cell AND level.product_id = new.product_id AND level.warehouse_id = new.warehouse_id;

-- name: insert_levels!
-- No ON CONFLICT: when another batch has just made one of them, this one starts again and finds it.
INSERT INTO level (cell, product_id, warehouse_id, on_hand, reserved, backordered, incoming, version, backorder_limit)
SELECT :cell, product_id, warehouse_id, on_hand, reserved, backordered, incoming, version, backorder_limit
FROM unnest(:product_ids::uuid[], :warehouse_ids::uuid[], :on_hands::int8[], :reserveds::int8[], :backordereds::int8[],
            :incomings::int8[], :versions::int8[], :backorder_limits::int8[])
  AS new (product_id, warehouse_id, on_hand, reserved, backordered, incoming, version, backorder_limit)
ORDER BY product_id, warehouse_id;

-- name: list_levels
-- Below the threshold: on hand, less what is owed. What is on order is another question, which reordering asks.
SELECT product.sku, warehouse.code AS warehouse, level.on_hand, level.reserved, level.backordered,
       level.on_hand - level.reserved AS available, level.incoming, level.damaged, level.quality_control,
       level.reorder_threshold, level.reorder_quantity, level.backorder_limit, level.safety_stock,
       level.set_aside, level.product_id, level.warehouse_id
FROM level JOIN product USING (product_id) JOIN warehouse USING (warehouse_id)
WHERE (level.product_id = :product_id::uuid OR :product_id::uuid IS NULL)
  AND (level.warehouse_id = :warehouse_id::uuid OR :warehouse_id::uuid IS NULL)
  AND (NOT :below_threshold::boolean OR level.on_hand - level.backordered < level.reorder_threshold)
  AND ((level.product_id, level.warehouse_id) > (:after_product::uuid, :after_warehouse::uuid)
       OR :after_product::uuid IS NULL)
ORDER BY level.product_id, level.warehouse_id
LIMIT :row_limit;

-- name: set_level
-- Settings only. A level between a known product and warehouse is made when it is first set.
INSERT INTO level (cell, product_id, warehouse_id, backorder_limit, backorder_limit_own,
                   reorder_threshold, reorder_quantity, safety_stock)
SELECT :cell, product_id, :warehouse_id::uuid,
       CASE WHEN :set_backorder_limit::boolean THEN :backorder_limit::integer
            WHEN selling_mode = 'deny' THEN 0 ELSE selling_limit END,
       :set_backorder_limit::boolean, :reorder_threshold::integer, :reorder_quantity::integer,
       coalesce(:safety_stock::integer, 0)
FROM product WHERE product_id = :product_id::uuid FOR SHARE
ON CONFLICT (cell, product_id, warehouse_id) DO UPDATE SET
  backorder_limit = CASE WHEN :set_backorder_limit::boolean THEN EXCLUDED.backorder_limit ELSE level.backorder_limit END,
  backorder_limit_own = level.backorder_limit_own OR :set_backorder_limit::boolean,
  reorder_threshold = CASE WHEN :set_reorder_threshold::boolean THEN EXCLUDED.reorder_threshold
                           ELSE level.reorder_threshold END,
  reorder_quantity = CASE WHEN :set_reorder_quantity::boolean THEN EXCLUDED.reorder_quantity
                          ELSE level.reorder_quantity END,
  safety_stock = CASE WHEN :set_safety_stock::boolean THEN EXCLUDED.safety_stock ELSE level.safety_stock END
RETURNING product_id, warehouse_id;

-- name: read_level_settings
SELECT level.product_id, level.warehouse_id, level.reorder_threshold, level.reorder_quantity, level.backorder_limit,
       level.safety_stock
FROM level JOIN unnest(:product_ids::uuid[], :warehouse_ids::uuid[]) AS wanted (product_id, warehouse_id)
  USING (product_id, warehouse_id)
WHERE level.cell = :cell;

-- name: lock_levels_of_product
-- In key order, as every lock on levels.
SELECT product_id, warehouse_id FROM level WHERE cell = :cell AND product_id = :product_id
ORDER BY product_id, warehouse_id FOR UPDATE;

-- name: follow_selling_mode!
-- Levels without a limit of their own take the product's. In key order, as every lock on levels.
UPDATE level SET backorder_limit = :backorder_limit
WHERE (cell, product_id, warehouse_id) IN (
  SELECT cell, product_id, warehouse_id FROM level
  WHERE product_id = :product_id AND NOT backorder_limit_own
  ORDER BY product_id, warehouse_id FOR UPDATE);
