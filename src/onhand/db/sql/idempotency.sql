-- name: read_idempotency
SELECT digest, request_digest, outcome FROM idempotency WHERE cell = :cell AND digest = ANY(:digests::uuid[]);

-- name: insert_idempotency!
-- In key order, and without ON CONFLICT: a key that came at the same moment through another process makes this batch
-- start again, and then it finds the first outcome.
INSERT INTO idempotency (cell, digest, request_digest, created_at, outcome)
SELECT :cell, digest, request_digest, :now, outcome
FROM unnest(:digests::uuid[], :request_digests::uuid[], :outcomes::bytea[]) AS new (digest, request_digest, outcome)
ORDER BY digest;

-- name: keep_refusals
-- In key order too: it waits for a batch that holds one of these keys, and never for one that waits for it.
INSERT INTO idempotency (cell, digest, request_digest, created_at, outcome)
SELECT :cell, digest, request_digest, :now, outcome
FROM unnest(:digests::uuid[], :request_digests::uuid[], :outcomes::bytea[]) AS new (digest, request_digest, outcome)
ORDER BY digest
ON CONFLICT (cell, digest) DO NOTHING RETURNING digest;

-- name: delete_old_idempotency!
DELETE FROM idempotency WHERE ctid = ANY(ARRAY(
  SELECT ctid FROM idempotency WHERE cell = :cell AND created_at < :before LIMIT :row_limit));
