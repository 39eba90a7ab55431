-- name: read_returned_lines
-- All that came back of these reservations, refused parts too, each with the head of its return.
SELECT line.return_id, line.line, line.reservation_id, line.reservation_line, line.from_warehouse_id, line.product_id,
       line.to_warehouse_id, line.quantity, line.disposition, line.reason, head.order_id, head.reason AS head_reason,
       head.created_at, head.created_by
FROM customer_return_line line JOIN customer_return head USING (cell, return_id)
WHERE line.cell = :cell AND line.reservation_id = ANY(:reservation_ids::uuid[])
ORDER BY head.created_at, line.return_id, line.line;

-- name: read_return_lines
SELECT line.return_id, line.line, line.reservation_id, line.reservation_line, line.from_warehouse_id, line.product_id,
       line.to_warehouse_id, line.quantity, line.disposition, line.reason, head.order_id, head.reason AS head_reason,
       head.created_at, head.created_by
FROM customer_return_line line JOIN customer_return head USING (cell, return_id)
WHERE line.cell = :cell AND line.return_id = ANY(:return_ids::uuid[])
ORDER BY line.return_id, line.line;

-- name: insert_returns!
INSERT INTO customer_return (cell, return_id, order_id, reason, created_at, created_by)
SELECT :cell, return_id, order_id, reason, :now, created_by
FROM unnest(:return_ids::uuid[], :order_ids::text[], :reasons::text[], :actors::text[])
  AS new (return_id, order_id, reason, created_by);

-- name: insert_return_lines!
INSERT INTO customer_return_line (cell, return_id, line, reservation_id, reservation_line, from_warehouse_id, product_id,
                                  to_warehouse_id, quantity, disposition, reason)
SELECT :cell, return_id, line, reservation_id, reservation_line, from_warehouse_id, product_id,
       to_warehouse_id::uuid, quantity, disposition, reason
FROM unnest(:return_ids::uuid[], :line_numbers::int8[], :reservation_ids::uuid[], :reservation_lines::int8[],
            :from_ids::uuid[], :product_ids::uuid[], :to_ids::text[], :quantities::int8[],
            :dispositions::text[], :reasons::text[])
  AS new (return_id, line, reservation_id, reservation_line, from_warehouse_id, product_id, to_warehouse_id, quantity,
          disposition, reason);

-- name: find_returns
-- Newest first. By time: the ids of imported returns are made of content.
SELECT return_id FROM customer_return
WHERE cell = :cell AND (:before::uuid IS NULL OR (created_at, return_id) < (
  SELECT last.created_at, last.return_id FROM customer_return last
  WHERE last.cell = :cell AND last.return_id = :before::uuid))
ORDER BY created_at DESC, return_id DESC LIMIT :row_limit;

-- name: find_returns_of_reservations
SELECT return_id FROM customer_return
WHERE cell = :cell AND return_id IN (
    SELECT return_id FROM customer_return_line
    WHERE cell = :cell AND reservation_id = ANY(:reservation_ids::uuid[]))
  AND (:before::uuid IS NULL OR (created_at, return_id) < (
    SELECT last.created_at, last.return_id FROM customer_return last
    WHERE last.cell = :cell AND last.return_id = :before::uuid))
ORDER BY created_at DESC, return_id DESC LIMIT :row_limit;

-- name: export_returns
-- One row per part, oldest first.
SELECT line.return_id, line.line, head.order_id, line.reservation_id, line.reservation_line, product.sku,
       line.quantity, line.disposition, warehouse.code AS warehouse, shipped_from.code AS shipped_from, line.reason,
       head.created_at, head.created_by
FROM customer_return head JOIN customer_return_line line USING (cell, return_id)
JOIN product ON product.product_id = line.product_id
JOIN warehouse shipped_from ON shipped_from.warehouse_id = line.from_warehouse_id
LEFT JOIN warehouse ON warehouse.warehouse_id = line.to_warehouse_id
WHERE head.cell = :cell
  AND (line.product_id = :product_id::uuid OR :product_id::uuid IS NULL)
  AND (line.to_warehouse_id = :warehouse_id::uuid OR :warehouse_id::uuid IS NULL)
  AND (head.created_at >= :from_time::timestamptz OR :from_time::timestamptz IS NULL)
  AND (head.created_at < :to_time::timestamptz OR :to_time::timestamptz IS NULL)
ORDER BY head.created_at, line.return_id, line.line;

-- name: find_return_differences
-- Lines of which more has come back than was shipped, and returns whose units are not in the ledger.
SELECT line.reservation_id, line.line, line.product_id, line.warehouse_id, line.fulfilled,
       sum(back.quantity)::bigint AS returned
FROM customer_return_line back
JOIN reservation_line line ON line.cell = back.cell AND line.reservation_id = back.reservation_id
  AND line.line = back.reservation_line AND line.warehouse_id = back.from_warehouse_id
WHERE back.disposition <> 'refuse'
GROUP BY line.cell, line.reservation_id, line.line, line.product_id, line.warehouse_id, line.fulfilled
HAVING sum(back.quantity) > line.fulfilled
ORDER BY line.reservation_id, line.line LIMIT :row_limit;

-- name: find_unbooked_returns
-- Returns against the ledger: what came back in whatever state is what its RECEIVE took in.
WITH returned AS (
  SELECT cell, return_id, sum(quantity) AS units FROM customer_return_line WHERE disposition <> 'refuse'
  GROUP BY cell, return_id),
booked AS (
  SELECT ledger.cell, ledger.operation_id AS return_id, sum(ledger.quantity) + coalesce(sum(state.units), 0) AS units
  FROM ledger LEFT JOIN (
    SELECT cell, txn_id, sum(quantity) AS units FROM ledger_state GROUP BY cell, txn_id) state USING (cell, txn_id)
  WHERE ledger.operation_id IN (SELECT return_id FROM returned) GROUP BY ledger.cell, ledger.operation_id)
SELECT return_id, returned.units::bigint AS returned, coalesce(booked.units, 0)::bigint AS booked
FROM returned LEFT JOIN booked USING (cell, return_id)
WHERE returned.units <> coalesce(booked.units, 0) ORDER BY return_id LIMIT :row_limit;
