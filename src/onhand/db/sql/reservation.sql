-- name: read_reservations
SELECT reservation_id, status, order_id, created_at, expires_at, route, requested FROM reservation
WHERE cell = :cell AND reservation_id = ANY(:reservation_ids::uuid[]);

-- name: read_reservation_lines
SELECT reservation_id, line, product_id, warehouse_id, quantity, fulfilled, released, backordered, priority
FROM reservation_line
WHERE cell = :cell AND reservation_id = ANY(:reservation_ids::uuid[])
ORDER BY reservation_id, line, warehouse_id;

-- name: read_waiting_lines
-- The first in turn of those that wait for stock of this level.
SELECT reservation_id, line, product_id, warehouse_id, quantity, fulfilled, released, backordered, priority
FROM reservation_line
WHERE cell = :cell AND product_id = :product_id AND warehouse_id = :warehouse_id AND backordered > 0
ORDER BY priority, reservation_id, line LIMIT :row_limit;

-- name: read_youngest_lines
-- The youngest that this level's stock covers: its RESERVE rows from the newest back lead to them without an index of
-- open lines, which every order would have to pay for. OFFSET 0 keeps the walk: joined freely, all lines would be read.
SELECT line.reservation_id, line.line, line.product_id, line.warehouse_id, line.quantity, line.fulfilled, line.released,
       line.backordered, line.priority
FROM ledger CROSS JOIN LATERAL (
  SELECT * FROM reservation_line held
  WHERE held.cell = ledger.cell AND held.reservation_id = ledger.operation_id
    AND held.product_id = ledger.product_id AND held.warehouse_id = ledger.warehouse_id
    AND held.quantity > held.fulfilled + held.released + held.backordered
  OFFSET 0) line
WHERE ledger.cell = :cell AND ledger.product_id = :product_id AND ledger.warehouse_id = :warehouse_id
  AND ledger.type = 'RESERVE'
ORDER BY ledger.version DESC, line.line DESC LIMIT :row_limit;

-- name: insert_reservations!
INSERT INTO reservation (cell, reservation_id, status, order_id, created_at, expires_at, route, requested)
SELECT :cell, reservation_id, status, order_id, :now, expires_at, route::jsonb, requested::jsonb
FROM unnest(:reservation_ids::uuid[], :statuses::text[], :order_ids::text[], :expires_ats::timestamptz[],
            :routes::text[], :requesteds::text[])
  AS new (reservation_id, status, order_id, expires_at, route, requested);

-- name: update_reservations!
UPDATE reservation SET status = new.status, expires_at = new.expires_at
FROM unnest(:reservation_ids::uuid[], :statuses::text[], :expires_ats::timestamptz[])
  AS new (reservation_id, status, expires_at)
WHERE reservation.cell = :cell AND reservation.reservation_id = new.reservation_id;

-- name: insert_reservation_lines!
INSERT INTO reservation_line (cell, reservation_id, line, product_id, warehouse_id, quantity, fulfilled, released,
                              backordered)
SELECT :cell, reservation_id, line, product_id, warehouse_id, quantity, fulfilled, released, backordered
FROM unnest(:reservation_ids::uuid[], :line_numbers::int8[], :product_ids::uuid[], :warehouse_ids::uuid[],
            :quantities::int8[], :fulfilleds::int8[], :releaseds::int8[], :backordereds::int8[])
  AS new (reservation_id, line, product_id, warehouse_id, quantity, fulfilled, released, backordered);

-- name: update_reservation_lines!
UPDATE reservation_line SET fulfilled = new.fulfilled, released = new.released, backordered = new.backordered
FROM unnest(:reservation_ids::uuid[], :line_numbers::int8[], :warehouse_ids::uuid[], :fulfilleds::int8[],
            :releaseds::int8[], :backordereds::int8[])
  AS new (reservation_id, line, warehouse_id, fulfilled, released, backordered)
WHERE reservation_line.cell = :cell AND reservation_line.reservation_id = new.reservation_id
  AND reservation_line.line = new.line AND reservation_line.warehouse_id = new.warehouse_id;

-- name: set_priorities!
-- After the lines were written: hardly an order has another priority than the usual, and the others pay nothing for it.
UPDATE reservation_line SET priority = new.priority
FROM unnest(:reservation_ids::uuid[], :line_numbers::int8[], :warehouse_ids::uuid[], :priorities::int8[])
  AS new (reservation_id, line, warehouse_id, priority)
WHERE reservation_line.cell = :cell AND reservation_line.reservation_id = new.reservation_id
  AND reservation_line.line = new.line AND reservation_line.warehouse_id = new.warehouse_id;

-- name: find_ended_holds
-- Open still, though they have run out: by the index reservation_ends, whose statuses these are.
SELECT expires_at AS ended_at, reservation_id FROM reservation
WHERE cell = :cell AND status IN ('active', 'partially_fulfilled') AND expires_at <= :now
  AND ((expires_at, reservation_id) > (:after_end::timestamptz, :after_id::uuid) OR :after_id::uuid IS NULL)
ORDER BY expires_at, reservation_id LIMIT :row_limit;

-- name: find_reservations_of_order
SELECT reservation_id FROM reservation
WHERE cell = :cell AND order_id = :order_id AND (reservation_id < :before::uuid OR :before::uuid IS NULL)
ORDER BY reservation_id DESC LIMIT :row_limit;

-- name: find_reservations
SELECT reservation_id FROM reservation
WHERE cell = :cell AND (reservation_id < :before::uuid OR :before::uuid IS NULL)
ORDER BY reservation_id DESC LIMIT :row_limit;

-- name: read_open_lines_of_product
-- From the newest RESERVE back; explain stops when the units found are all that is reserved.
SELECT line.reservation_id, reservation.order_id, reservation.status, reservation.created_at, reservation.expires_at,
       warehouse.code AS warehouse, line.line,
       line.quantity - line.fulfilled - line.released AS open, line.backordered
FROM ledger JOIN reservation_line line ON line.cell = ledger.cell AND line.reservation_id = ledger.operation_id
 AND line.product_id = ledger.product_id AND line.warehouse_id = ledger.warehouse_id
JOIN reservation ON reservation.cell = line.cell AND reservation.reservation_id = line.reservation_id
JOIN warehouse ON warehouse.warehouse_id = line.warehouse_id
WHERE ledger.cell = :cell AND ledger.product_id = :product_id AND ledger.type = 'RESERVE'
  AND line.quantity > line.fulfilled + line.released
ORDER BY ledger.txn_id DESC LIMIT :row_limit;
