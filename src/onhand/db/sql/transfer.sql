-- name: read_transfers
SELECT transfer_id, from_warehouse_id, to_warehouse_id, status, created_at, created_by FROM transfer
WHERE cell = :cell AND transfer_id = ANY(:transfer_ids::uuid[]);

-- name: read_transfer_lines
SELECT transfer_id, line, product_id, quantity, received, cancelled FROM transfer_line
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
UPDATE transfer_line SET received = new.received, cancelled = new.cancelled
FROM unnest(:transfer_ids::uuid[], :line_numbers::int8[], :receiveds::int8[], :cancelleds::int8[])
  AS new (transfer_id, line, received, cancelled)
WHERE transfer_line.cell = :cell AND transfer_line.transfer_id = new.transfer_id AND transfer_line.line = new.line;

-- name: find_transfers
SELECT transfer_id FROM transfer
WHERE cell = :cell AND (transfer_id < :before::uuid OR :before::uuid IS NULL)
  AND (status = :status::text OR :status::text IS NULL)
ORDER BY transfer_id DESC LIMIT :row_limit;
