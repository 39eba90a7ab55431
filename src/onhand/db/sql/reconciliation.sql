-- name: find_ledger_differences
-- Levels against the sum of their ledger. RESERVE and RELEASE count what is available, FULFILL what is on hand.
WITH sums AS (
  SELECT cell, product_id, warehouse_id,
         sum(quantity) FILTER (WHERE type IN ('RECEIVE', 'FULFILL', 'ADJUST', 'TRANSFER')) AS on_hand,
         coalesce(sum(quantity) FILTER (WHERE type = 'FULFILL'), 0)
           - coalesce(sum(quantity) FILTER (WHERE type IN ('RESERVE', 'RELEASE')), 0) AS reserved,
         max(version) AS version
  FROM ledger GROUP BY cell, product_id, warehouse_id)
SELECT product_id, warehouse_id, coalesce(level.on_hand, 0) AS level_on_hand, coalesce(sums.on_hand, 0)::bigint AS ledger_on_hand,
       coalesce(level.reserved, 0) AS level_reserved, coalesce(sums.reserved, 0)::bigint AS ledger_reserved,
       coalesce(level.version, 0) AS level_version, coalesce(sums.version, 0) AS ledger_version
FROM level FULL JOIN sums USING (cell, product_id, warehouse_id)
WHERE coalesce(level.on_hand, 0) <> coalesce(sums.on_hand, 0)
   OR coalesce(level.reserved, 0) <> coalesce(sums.reserved, 0)
   OR coalesce(level.version, 0) <> coalesce(sums.version, 0)
ORDER BY product_id, warehouse_id LIMIT :row_limit;

-- name: find_reservation_differences
-- Levels against their open reservations, and closed reservations that hold stock.
WITH sums AS (
  SELECT cell, product_id, warehouse_id, sum(quantity - fulfilled - released) AS reserved, sum(backordered) AS backordered
  FROM reservation_line WHERE quantity > fulfilled + released GROUP BY cell, product_id, warehouse_id)
SELECT product_id, warehouse_id, coalesce(level.reserved, 0) AS level_reserved,
       coalesce(sums.reserved, 0)::bigint AS open_reserved,
       coalesce(level.backordered, 0) AS level_backordered, coalesce(sums.backordered, 0)::bigint AS open_backordered
FROM level FULL JOIN sums USING (cell, product_id, warehouse_id)
WHERE coalesce(level.reserved, 0) <> coalesce(sums.reserved, 0)
   OR coalesce(level.backordered, 0) <> coalesce(sums.backordered, 0)
ORDER BY product_id, warehouse_id LIMIT :row_limit;

-- name: find_status_differences
SELECT reservation.reservation_id, reservation.status,
       coalesce(sum(line.quantity - line.fulfilled - line.released), 0)::bigint AS open
FROM reservation LEFT JOIN reservation_line line USING (cell, reservation_id)
GROUP BY reservation.cell, reservation.reservation_id, reservation.status
HAVING (reservation.status IN ('active', 'partially_fulfilled'))
    <> (coalesce(sum(line.quantity - line.fulfilled - line.released), 0) > 0)
ORDER BY reservation.reservation_id LIMIT :row_limit;

-- name: find_chain_breaks
-- Each row's level is the row before plus its own change: a changed or missing row breaks the chain. A repair's ADJUST
-- (reason "reconciliation") closes what was broken before it: the break stays in the ledger, and is told no more.
SELECT product_id, warehouse_id, version, type, quantity, on_hand, reserved, before_version, before_on_hand, before_reserved
FROM (
  SELECT product_id, warehouse_id, version, type, quantity, on_hand, reserved,
         coalesce(lag(version) OVER level, 0) AS before_version,
         coalesce(lag(on_hand) OVER level, 0) AS before_on_hand,
         coalesce(lag(reserved) OVER level, 0) AS before_reserved,
         max(version) FILTER (WHERE type = 'ADJUST' AND reason = 'reconciliation')
           OVER (PARTITION BY cell, product_id, warehouse_id) AS repaired
  FROM ledger WINDOW level AS (PARTITION BY cell, product_id, warehouse_id ORDER BY version)) chain
WHERE version > coalesce(repaired, 0) AND (version <> before_version + 1
   OR on_hand <> before_on_hand + CASE WHEN type IN ('RECEIVE', 'FULFILL', 'ADJUST', 'TRANSFER') THEN quantity ELSE 0 END
   OR reserved <> before_reserved + CASE WHEN type = 'FULFILL' THEN quantity
                                         WHEN type IN ('RESERVE', 'RELEASE') THEN -quantity ELSE 0 END)
ORDER BY product_id, warehouse_id, version LIMIT :row_limit;

-- name: find_limit_breaks
-- Levels further below zero than they may be. A count may do that (law 1); it is told, not wrong.
SELECT product_id, warehouse_id, on_hand, reserved, backordered, backorder_limit FROM level
WHERE on_hand < 0 OR backordered < 0 OR backordered > reserved OR reserved - backordered > on_hand
ORDER BY product_id, warehouse_id LIMIT :row_limit;

-- name: find_orphaned_ledger
-- Ledger rows of operations that were never accepted.
SELECT ledger.operation_id, count(*) AS entries FROM ledger
LEFT JOIN operation USING (cell, operation_id) WHERE operation.operation_id IS NULL
GROUP BY ledger.operation_id ORDER BY ledger.operation_id LIMIT :row_limit;

-- name: count_proved
SELECT (SELECT count(*) FROM level) AS levels, (SELECT count(*) FROM ledger) AS ledger_rows,
       (SELECT count(*) FROM reservation) AS reservations, (SELECT coalesce(sum(on_hand), 0) FROM level)::bigint AS on_hand,
       (SELECT coalesce(sum(reserved), 0) FROM level)::bigint AS reserved,
       (SELECT coalesce(sum(backordered), 0) FROM level)::bigint AS backordered;

-- name: read_last_entries
SELECT ledger.txn_id, ledger.operation_id, ledger.type, ledger.quantity, ledger.on_hand, ledger.reserved, ledger.version,
       ledger.reason, ledger.created_at, ledger.created_by
FROM ledger WHERE cell = :cell AND product_id = :product_id AND warehouse_id = :warehouse_id
ORDER BY version DESC LIMIT :row_limit;

-- name: sum_level
-- One level, its ledger and its open reservations, under the lock that repair holds.
SELECT
  (SELECT coalesce(sum(quantity) FILTER (WHERE type IN ('RECEIVE', 'FULFILL', 'ADJUST', 'TRANSFER')), 0)
   FROM ledger WHERE cell = :cell AND product_id = :product_id AND warehouse_id = :warehouse_id)::bigint AS ledger_on_hand,
  (SELECT coalesce(sum(quantity) FILTER (WHERE type = 'FULFILL'), 0)
        - coalesce(sum(quantity) FILTER (WHERE type IN ('RESERVE', 'RELEASE')), 0)
   FROM ledger WHERE cell = :cell AND product_id = :product_id AND warehouse_id = :warehouse_id)::bigint AS ledger_reserved,
  (SELECT coalesce(max(version), 0)
   FROM ledger WHERE cell = :cell AND product_id = :product_id AND warehouse_id = :warehouse_id)::bigint AS ledger_version,
  (SELECT coalesce(sum(quantity - fulfilled - released), 0) FROM reservation_line
   WHERE cell = :cell AND product_id = :product_id AND warehouse_id = :warehouse_id)::bigint AS open_reserved,
  (SELECT coalesce(sum(backordered), 0) FROM reservation_line
   WHERE cell = :cell AND product_id = :product_id AND warehouse_id = :warehouse_id)::bigint AS open_backordered,
  (SELECT coalesce(sum(quantity), 0) FROM ledger_state
   WHERE cell = :cell AND product_id = :product_id AND warehouse_id = :warehouse_id
     AND state = 'damaged')::bigint AS ledger_damaged,
  (SELECT coalesce(sum(quantity), 0) FROM ledger_state
   WHERE cell = :cell AND product_id = :product_id AND warehouse_id = :warehouse_id
     AND state = 'quality_control')::bigint AS ledger_quality_control,
  (SELECT coalesce(sum(quantity), 0) FROM ledger_state
   WHERE cell = :cell AND product_id = :product_id AND warehouse_id = :warehouse_id
     AND state = 'safety_stock')::bigint AS ledger_set_aside;

-- name: read_ledger_guard
-- Law 5: the trigger that refuses changes.
SELECT count(*) AS guards FROM pg_trigger
WHERE tgrelid = 'ledger'::regclass AND tgname = 'ledger_append_only' AND tgenabled <> 'D';

-- name: insert_reconciliation!
INSERT INTO reconciliation (reconciliation_id, started_at, finished_at, report)
VALUES (:reconciliation_id, :started_at, :finished_at, :report::jsonb);

-- name: read_last_reconciliation
SELECT report FROM reconciliation ORDER BY reconciliation_id DESC LIMIT 1;
