-- name: hold_uncounted_rooms
-- Whoever brings stock in keeps the policy of the warehouse as it is until the commit. Shared: none waits for another.
SELECT warehouse_id FROM warehouse_room
WHERE cell = :cell AND warehouse_id = ANY(:warehouse_ids::uuid[]) AND NOT counted
ORDER BY warehouse_id FOR KEY SHARE;

-- name: lock_rooms
-- After the levels, in the order of ids.
SELECT room.warehouse_id, warehouse.capacity, warehouse.capacity_in, warehouse.capacity_policy, room.base::text AS base,
       room.added::text AS added
FROM warehouse_room room JOIN warehouse USING (warehouse_id)
WHERE room.cell = :cell AND room.warehouse_id = ANY(:warehouse_ids::uuid[]) AND room.counted
ORDER BY room.warehouse_id FOR NO KEY UPDATE OF room;

-- name: read_volumes
-- mm³ of a unit; 0 where the dimensions are not known.
SELECT product_id, coalesce(length_mm::numeric * width_mm * height_mm, 0)::text AS volume FROM product
WHERE product_id = ANY(:product_ids::uuid[]);

-- name: update_rooms!
UPDATE warehouse_room SET added = new.added::numeric
FROM unnest(:warehouse_ids::uuid[], :addeds::text[]) AS new (warehouse_id, added)
WHERE warehouse_room.cell = :cell AND warehouse_room.warehouse_id = new.warehouse_id;

-- name: measure_room
-- What lies there, and what was added until then: one statement, one snapshot. Reads every level.
SELECT warehouse.capacity, warehouse.capacity_in, warehouse.capacity_policy, room.epoch, room.added::text AS added,
       sums.units, (CASE warehouse.capacity_in WHEN 'units' THEN sums.units ELSE sums.volume END)::text AS used,
       sums.unmeasured
FROM warehouse_room room JOIN warehouse USING (warehouse_id) CROSS JOIN LATERAL (
  SELECT coalesce(sum(there.units), 0)::bigint AS units,
         coalesce(sum(there.units * (product.length_mm::numeric * product.width_mm * product.height_mm)), 0) AS volume,
         coalesce(sum(there.units) FILTER (
           WHERE product.length_mm IS NULL OR product.width_mm IS NULL OR product.height_mm IS NULL), 0)::bigint
           AS unmeasured
  FROM (
    SELECT product_id, on_hand::bigint + damaged + quality_control + set_aside AS units FROM level
    WHERE level.cell = :cell AND level.warehouse_id = room.warehouse_id) there
  JOIN product USING (product_id)) sums
WHERE room.cell = :cell AND room.warehouse_id = :warehouse_id;

-- name: set_room_base!
-- added goes on meanwhile; what was measured holds for it all the same.
UPDATE warehouse_room SET base = :used::text::numeric - :added::text::numeric
WHERE cell = :cell AND warehouse_id = :warehouse_id AND epoch = :epoch;

-- name: insert_room!
INSERT INTO warehouse_room (cell, warehouse_id) VALUES (:cell, :warehouse_id) ON CONFLICT DO NOTHING;

-- name: lock_room
-- Against everyone who brings stock in: before the warehouse's own row, as they do.
SELECT warehouse_id FROM warehouse_room WHERE cell = :cell AND warehouse_id = :warehouse_id FOR UPDATE;

-- name: set_capacity!
UPDATE warehouse SET capacity_in = :capacity_in, capacity_policy = :capacity_policy
WHERE warehouse_id = :warehouse_id;

-- name: count_room!
-- By what the warehouse says now. What was measured before no longer holds.
UPDATE warehouse_room SET base = NULL, epoch = epoch + 1,
  counted = warehouse.capacity IS NOT NULL AND warehouse.capacity_policy <> 'ignore'
FROM warehouse
WHERE warehouse_room.cell = :cell AND warehouse_room.warehouse_id = :warehouse_id
  AND warehouse.warehouse_id = :warehouse_id;

-- name: forget_volumes!
-- A product has other dimensions now.
UPDATE warehouse_room SET base = NULL, epoch = epoch + 1
WHERE counted AND warehouse_id IN (SELECT warehouse_id FROM warehouse WHERE capacity_in = 'litres');
