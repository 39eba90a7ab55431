-- name: read_transfers
SELECT transfer_id, from_warehouse_id, to_warehouse_id, status, created_at, created_by FROM transfer
WHERE cell = :cell AND transfer_id = ANY(:transfer_ids::uuid[]);

-- name: read_transfer_lines
SELECT transfer_id, line, product_id, quantity, received, cancelled, lost FROM transfer_line
WHERE cell = :cell AND transfer_id = ANY(:transfer_ids::uuid[]) ORDER BY transfer_id, line;

-- name: insert_transfers!
INSERT INTO transfer (cell, transfer_id, from_warehouse_id, to_warehouse_id, status, created_at, created_by)
SELECT :cell, transfer_id, from_warehouse_id, to_warehouse_id, status, :now, created_by
FROM unnest(:transfer_ids::uuid[], :from_ids::uuid[], :to_ids::uuid[], :statuses::text[], :actors::text[])
  AS new (transfer_id, from_warehouse_id, to_warehouse_id, status, created_by);

-- name: update_transfers!
UPDATE transfer SET status = new.status
FROM unnest(:transfer_ids::uuid[], :statuses::text[]) AS new (transfer_id, status)
WHERE transfer.cell = :cell AND transfer.transfer_id = new.transfer_id;

-- name: insert_transfer_lines!
INSERT INTO transfer_line (cell, transfer_id, line, product_id, quantity, received, cancelled)
SELECT :cell, transfer_id, line, product_id, quantity, received, cancelled
FROM unnest(:transfer_ids::uuid[], :line_numbers::int8[], :product_ids::uuid[], :quantities::int8[],
            :receiveds::int8[], :cancelleds::int8[])
  AS new (transfer_id, line, product_id, quantity, received, cancelled);

-- name: update_transfer_lines!
UPDATE transfer_line SET received = new.received, cancelled = new.cancelled, lost = new.lost
FROM unnest(:transfer_ids::uuid[], :line_numbers::int8[], :receiveds::int8[], :cancelleds::int8[], :losts::int8[])
  AS new (transfer_id, line, received, cancelled, lost)
WHERE transfer_line.cell = :cell AND transfer_line.transfer_id = new.transfer_id AND transfer_line.line = new.line;

-- name: find_transfers
SELECT transfer_id FROM transfer
WHERE cell = :cell AND (transfer_id < :before::uuid OR :before::uuid IS NULL)
  AND (status = :status::text OR :status::text IS NULL)
ORDER BY transfer_id DESC LIMIT :row_limit;

-- name: find_loss_differences
-- Transfers against the ledger: what was lost is written down in both.
WITH booked AS (
  SELECT ledger.cell, ledger.reference_id, state.product_id, state.warehouse_id, sum(state.quantity) AS lost
  FROM ledger_state state JOIN ledger USING (cell, txn_id) WHERE state.state = 'lost'
  GROUP BY ledger.cell, ledger.reference_id, state.product_id, state.warehouse_id),
told AS (
  SELECT cell, transfer_id::text AS reference_id, line.product_id, transfer.to_warehouse_id AS warehouse_id,
         sum(line.lost) AS lost
  FROM transfer_line line JOIN transfer USING (cell, transfer_id) WHERE line.lost > 0
  GROUP BY cell, transfer_id, line.product_id, transfer.to_warehouse_id)
SELECT reference_id AS transfer, product_id, warehouse_id, coalesce(told.lost, 0)::bigint AS transfer_lost,
       coalesce(booked.lost, 0)::bigint AS ledger_lost
FROM told FULL JOIN booked USING (cell, reference_id, product_id, warehouse_id)
WHERE coalesce(told.lost, 0) <> coalesce(booked.lost, 0) ORDER BY 1, 2 LIMIT :row_limit;

-- name: export_transfers
-- One row per line, oldest transfer first.
SELECT transfer.transfer_id, transfer.status, source.code AS from_warehouse, destination.code AS to_warehouse,
       line.line, product.sku, line.quantity, line.quantity - line.received - line.cancelled AS open, line.received,
       line.cancelled, line.lost, transfer.created_at, transfer.created_by
FROM transfer JOIN transfer_line line USING (cell, transfer_id)
JOIN warehouse source ON source.warehouse_id = transfer.from_warehouse_id
JOIN warehouse destination ON destination.warehouse_id = transfer.to_warehouse_id
JOIN product ON product.product_id = line.product_id
WHERE transfer.cell = :cell
  AND (line.product_id = :product_id::uuid OR :product_id::uuid IS NULL)
  AND (:warehouse_id::uuid IS NULL OR :warehouse_id::uuid IN (transfer.from_warehouse_id, transfer.to_warehouse_id))
  AND (transfer.created_at >= :from_time::timestamptz OR :from_time::timestamptz IS NULL)
  AND (transfer.created_at < :to_time::timestamptz OR :to_time::timestamptz IS NULL)
ORDER BY transfer.created_at, transfer.transfer_id, line.line;
