-- name: insert_count!
INSERT INTO count_session (cell, count_id, warehouse_id, approval_limit, created_at, created_by)
VALUES (:cell, :count_id, :warehouse_id, :approval_limit, :now, :actor);

-- name: insert_count_lines!
-- What the book says now, read in one statement: one snapshot.
INSERT INTO count_line (cell, count_id, line, product_id, expected, expected_version)
SELECT :cell, :count_id, wanted.line - 1, wanted.product_id, coalesce(level.on_hand, 0), coalesce(level.version, 0)
FROM unnest(:product_ids::uuid[]) WITH ORDINALITY AS wanted (product_id, line)
LEFT JOIN level ON level.cell = :cell AND level.product_id = wanted.product_id AND level.warehouse_id = :warehouse_id;

-- name: lock_count
-- Whoever changes a session holds this lock: two postings queue, and nothing is counted into a session being posted.
SELECT count_id, warehouse_id, status, approval_limit, approved_by, created_at, created_by, posted_at
FROM count_session WHERE cell = :cell AND count_id = :count_id FOR UPDATE;

-- name: read_counts
SELECT count_id, warehouse_id, status, approval_limit, approved_by, created_at, created_by, posted_at
FROM count_session WHERE cell = :cell AND count_id = ANY(:count_ids::uuid[]) ORDER BY count_id DESC;

-- name: read_count_lines
SELECT count_id, line, product_id, expected, expected_version, counted, book, book_version
FROM count_line WHERE cell = :cell AND count_id = ANY(:count_ids::uuid[]) ORDER BY count_id, line;

-- name: find_counts
SELECT count_id FROM count_session
WHERE cell = :cell AND (count_id < :before::uuid OR :before::uuid IS NULL)
  AND (status = :status::text OR :status::text IS NULL)
ORDER BY count_id DESC LIMIT :row_limit;

-- name: record_counts!
-- The count and the book of the same moment.
UPDATE count_line SET counted = new.counted, book = coalesce(level.on_hand, 0), book_version = coalesce(level.version, 0)
FROM unnest(:product_ids::uuid[], :counteds::int8[]) AS new (product_id, counted)
LEFT JOIN level ON level.cell = :cell AND level.product_id = new.product_id AND level.warehouse_id = :warehouse_id
WHERE count_line.cell = :cell AND count_line.count_id = :count_id AND count_line.product_id = new.product_id;

-- name: approve_count!
UPDATE count_session SET approved_by = :approved_by WHERE cell = :cell AND count_id = :count_id;

-- name: end_count!
UPDATE count_session SET status = :status, posted_at = :posted_at WHERE cell = :cell AND count_id = :count_id;
