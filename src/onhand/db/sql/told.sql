-- name: read_waiting_products
-- Of which somebody waits, or was told a promise. From one to the next by index: the queues themselves are not read.
WITH RECURSIVE waiting AS (
  (SELECT product_id FROM reservation_line WHERE cell = :cell AND backordered > 0 ORDER BY product_id LIMIT 1)
  UNION ALL
  SELECT following.product_id FROM waiting CROSS JOIN LATERAL (
    SELECT line.product_id FROM reservation_line line
    WHERE line.cell = :cell AND line.backordered > 0 AND line.product_id > waiting.product_id
    ORDER BY line.product_id LIMIT 1) following
), told AS (
  (SELECT product_id FROM promise WHERE cell = :cell ORDER BY product_id LIMIT 1)
  UNION ALL
  SELECT following.product_id FROM told CROSS JOIN LATERAL (
    SELECT promise.product_id FROM promise
    WHERE promise.cell = :cell AND promise.product_id > told.product_id
    ORDER BY promise.product_id LIMIT 1) following
)
SELECT product_id FROM waiting UNION SELECT product_id FROM told ORDER BY product_id;

-- name: read_out_of_turn
-- Who of those who wait has another priority than the usual, as one number: no ledger row tells of a change of it.
SELECT product_id, bit_xor(hashtextextended(reservation_id::text, line * 10 + priority)) AS turns
FROM reservation_line
WHERE cell = :cell AND product_id = ANY(:product_ids::uuid[]) AND backordered > 0 AND priority <> :usual::smallint
GROUP BY product_id;

-- name: hold_promises_of
-- Until the end of the transaction; false: another process is at it.
SELECT pg_try_advisory_xact_lock(:number::bigint) AS held;

-- name: read_told_in_turn
-- Those who wait at a level, in the order in which they are covered, each with what was told.
SELECT waiting.priority, waiting.reservation_id, waiting.line, waiting.backordered, promise.told_at, promise.told_from,
       promise.told_to, promise.ships_from, promise.ships_to, promise.evidence
FROM reservation_line waiting LEFT JOIN promise ON promise.cell = waiting.cell
 AND promise.reservation_id = waiting.reservation_id AND promise.line = waiting.line
 AND promise.warehouse_id = waiting.warehouse_id
WHERE waiting.cell = :cell AND waiting.product_id = :product_id AND waiting.warehouse_id = :warehouse_id
  AND waiting.backordered > 0
  AND (waiting.priority, waiting.reservation_id, waiting.line)
      > (:priority::smallint, :after_id::uuid, :after_line::smallint)
ORDER BY waiting.priority, waiting.reservation_id, waiting.line LIMIT :row_limit;

-- name: put_promises!
-- What was first known stays.
INSERT INTO promise (cell, reservation_id, line, warehouse_id, product_id, told_at, told_from, told_to, ships_from,
                     ships_to, evidence, changed_at)
SELECT :cell, reservation_id, line, :warehouse_id::uuid, :product_id::uuid, :now, ships_from, ships_to, ships_from,
       ships_to, evidence::jsonb, :now
FROM unnest(:reservation_ids::uuid[], :line_numbers::int8[], :ships_froms::date[], :ships_tos::date[],
            :evidences::text[]) AS new (reservation_id, line, ships_from, ships_to, evidence)
ON CONFLICT (cell, reservation_id, line, warehouse_id) DO UPDATE SET
  told_at = CASE WHEN promise.told_to IS NULL THEN EXCLUDED.told_at ELSE promise.told_at END,
  told_from = coalesce(promise.told_from, EXCLUDED.ships_from), told_to = coalesce(promise.told_to, EXCLUDED.ships_to),
  ships_from = EXCLUDED.ships_from, ships_to = EXCLUDED.ships_to, evidence = EXCLUDED.evidence,
  changed_at = EXCLUDED.changed_at;

-- name: delete_kept_promises!
-- Of a product: lines that wait no more, because they were covered or given up.
DELETE FROM promise WHERE promise.cell = :cell AND promise.product_id = :product_id AND NOT EXISTS (
  SELECT FROM reservation_line line
  WHERE line.cell = promise.cell AND line.reservation_id = promise.reservation_id AND line.line = promise.line
    AND line.warehouse_id = promise.warehouse_id AND line.backordered > 0);

-- name: list_promises
SELECT promise.reservation_id, reservation.order_id, promise.line, product.sku, warehouse.code AS warehouse,
       waiting.backordered AS quantity, promise.told_at, promise.told_from, promise.told_to, promise.ships_from,
       promise.ships_to, promise.at_risk, promise.evidence, promise.changed_at, promise.warehouse_id
FROM promise
JOIN reservation_line waiting ON waiting.cell = promise.cell AND waiting.reservation_id = promise.reservation_id
 AND waiting.line = promise.line AND waiting.warehouse_id = promise.warehouse_id
JOIN reservation ON reservation.cell = promise.cell AND reservation.reservation_id = promise.reservation_id
JOIN product ON product.product_id = promise.product_id JOIN warehouse ON warehouse.warehouse_id = promise.warehouse_id
WHERE promise.cell = :cell AND waiting.backordered > 0
  AND (promise.reservation_id = ANY(:reservation_ids::uuid[]) OR :reservation_ids::uuid[] IS NULL)
  AND (promise.product_id = :product_id::uuid OR :product_id::uuid IS NULL)
  AND (promise.warehouse_id = :of_warehouse::uuid OR :of_warehouse::uuid IS NULL)
  AND ((promise.reservation_id, promise.line, promise.warehouse_id)
       > (:after_id::uuid, :after_line::smallint, :after_warehouse::uuid) OR :after_id::uuid IS NULL)
ORDER BY promise.reservation_id, promise.line, promise.warehouse_id LIMIT :row_limit;

-- name: list_promises_at_risk
SELECT promise.reservation_id, reservation.order_id, promise.line, product.sku, warehouse.code AS warehouse,
       waiting.backordered AS quantity, promise.told_at, promise.told_from, promise.told_to, promise.ships_from,
       promise.ships_to, promise.at_risk, promise.evidence, promise.changed_at, promise.warehouse_id
FROM promise
JOIN reservation_line waiting ON waiting.cell = promise.cell AND waiting.reservation_id = promise.reservation_id
 AND waiting.line = promise.line AND waiting.warehouse_id = promise.warehouse_id
JOIN reservation ON reservation.cell = promise.cell AND reservation.reservation_id = promise.reservation_id
JOIN product ON product.product_id = promise.product_id JOIN warehouse ON warehouse.warehouse_id = promise.warehouse_id
WHERE promise.cell = :cell AND promise.at_risk AND waiting.backordered > 0
  AND (promise.product_id = :product_id::uuid OR :product_id::uuid IS NULL)
  AND (promise.warehouse_id = :of_warehouse::uuid OR :of_warehouse::uuid IS NULL)
  AND ((promise.reservation_id, promise.line, promise.warehouse_id)
       > (:after_id::uuid, :after_line::smallint, :after_warehouse::uuid) OR :after_id::uuid IS NULL)
ORDER BY promise.reservation_id, promise.line, promise.warehouse_id LIMIT :row_limit;
