-- name: insert_count!
INSERT INTO count_session (cell, count_id, warehouse_id, approval_limit, approval_value, currency, created_at, created_by)
VALUES (:cell, :count_id, :warehouse_id, :approval_limit, :approval_value::text::numeric, :currency, :now, :actor);

-- name: insert_count_lines!
-- What the book says now, read in one statement: one snapshot. Without a cost, that of the first supplier that has one.
INSERT INTO count_line (cell, count_id, line, product_id, expected, expected_version, unit_cost)
SELECT :cell, :count_id, wanted.line - 1, wanted.product_id, coalesce(level.on_hand, 0), coalesce(level.version, 0),
       coalesce(wanted.unit_cost::numeric, (
         SELECT sold.unit_cost FROM supplier_product sold JOIN supplier USING (supplier_id)
         WHERE sold.product_id = wanted.product_id AND supplier.active AND sold.unit_cost IS NOT NULL
         ORDER BY sold.priority, sold.lead_time_days, sold.supplier_id LIMIT 1))
FROM unnest(:product_ids::uuid[], :unit_costs::text[]) WITH ORDINALITY AS wanted (product_id, unit_cost, line)
LEFT JOIN level ON level.cell = :cell AND level.product_id = wanted.product_id AND level.warehouse_id = :warehouse_id;

-- name: lock_count
-- Whoever changes a session holds this lock: two postings queue, and nothing is counted into a session being posted.
SELECT count_id, warehouse_id, status, approval_limit, approved_by, created_at, created_by, posted_at,
       approval_value::text AS approval_value, currency
FROM count_session WHERE cell = :cell AND count_id = :count_id FOR UPDATE;

-- name: read_counts
SELECT count_id, warehouse_id, status, approval_limit, approved_by, created_at, created_by, posted_at,
       approval_value::text AS approval_value, currency
FROM count_session WHERE cell = :cell AND count_id = ANY(:count_ids::uuid[]) ORDER BY count_id DESC;

-- name: read_count_lines
SELECT count_id, line, product_id, expected, expected_version, counted, book, book_version,
       unit_cost::text AS unit_cost
FROM count_line WHERE cell = :cell AND count_id = ANY(:count_ids::uuid[]) ORDER BY count_id, line;

-- name: find_counts
SELECT count_id FROM count_session
WHERE cell = :cell AND (count_id < :before::uuid OR :before::uuid IS NULL)
  AND (status = :status::text OR :status::text IS NULL)
ORDER BY count_id DESC LIMIT :row_limit;

-- name: share_counted_levels
-- Before a count of some moments ago: who moved these levels before then has committed, and is in the ledger. In key
-- order, as every lock on levels.
SELECT level.product_id FROM level JOIN unnest(:product_ids::uuid[]) AS counted (product_id) USING (product_id)
WHERE level.cell = :cell AND level.warehouse_id = :warehouse_id
ORDER BY level.product_id, level.warehouse_id FOR SHARE OF level;

-- name: record_counts!
-- The count and the book of the same moment: this one, or the one when it was counted, from the ledger.
UPDATE count_line SET counted = new.counted,
  book = coalesce(CASE WHEN new.counted_at IS NULL THEN level.on_hand ELSE past.on_hand END, 0),
  book_version = coalesce(CASE WHEN new.counted_at IS NULL THEN level.version ELSE past.version END, 0)
FROM unnest(:product_ids::uuid[], :counteds::int8[], :counted_ats::timestamptz[]) AS new (product_id, counted, counted_at)
LEFT JOIN level ON level.cell = :cell AND level.product_id = new.product_id AND level.warehouse_id = :warehouse_id
LEFT JOIN LATERAL (
  SELECT ledger.on_hand, ledger.version FROM ledger
  WHERE ledger.cell = :cell AND ledger.product_id = new.product_id AND ledger.warehouse_id = :warehouse_id
    AND ledger.created_at <= new.counted_at
  ORDER BY ledger.version DESC LIMIT 1) past ON new.counted_at IS NOT NULL
WHERE count_line.cell = :cell AND count_line.count_id = :count_id AND count_line.product_id = new.product_id;

-- name: approve_count!
UPDATE count_session SET approved_by = :approved_by WHERE cell = :cell AND count_id = :count_id;

-- name: end_count!
UPDATE count_session SET status = :status, posted_at = :posted_at WHERE cell = :cell AND count_id = :count_id;

-- name: export_counts
-- One row per line, oldest session first; variance_value in the session's currency.
SELECT session.count_id, session.status, warehouse.code AS warehouse, line.line, product.sku, line.expected,
       line.book - line.expected AS moved, line.counted AS counted_quantity, line.counted - line.book AS variance,
       line.unit_cost::text AS unit_cost, (line.counted - line.book) * line.unit_cost AS variance_value,
       session.currency, session.approved_by, session.created_at, session.created_by, session.posted_at
FROM count_session session JOIN count_line line USING (cell, count_id) JOIN product USING (product_id)
JOIN warehouse USING (warehouse_id)
WHERE session.cell = :cell
  AND (line.product_id = :product_id::uuid OR :product_id::uuid IS NULL)
  AND (session.warehouse_id = :warehouse_id::uuid OR :warehouse_id::uuid IS NULL)
  AND (session.created_at >= :from_time::timestamptz OR :from_time::timestamptz IS NULL)
  AND (session.created_at < :to_time::timestamptz OR :to_time::timestamptz IS NULL)
ORDER BY session.count_id, line.line;
