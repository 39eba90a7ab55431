-- name: insert_webhook!
INSERT INTO webhook (webhook_id, url, types, description, active, secret, created_at, updated_at)
VALUES (:webhook_id, :url, :types::text[], :description::text, :active, :secret, :now, :now);

-- name: list_webhooks
SELECT webhook_id, url, types, description, active, disabled_because, created_at, updated_at
FROM webhook WHERE webhook_id > :after::uuid OR :after::uuid IS NULL ORDER BY webhook_id LIMIT :row_limit;

-- name: read_webhook
SELECT webhook_id, url, types, description, active, disabled_because, created_at, updated_at
FROM webhook WHERE webhook_id = :webhook_id;

-- name: update_webhook!
-- What is made active again is no longer disabled for a reason.
UPDATE webhook SET
  url = coalesce(:url::text, url),
  types = CASE WHEN :set_types::boolean THEN :types::text[] ELSE types END,
  description = CASE WHEN :set_description::boolean THEN :description::text ELSE description END,
  active = coalesce(:active::boolean, active),
  disabled_because = CASE WHEN :active::boolean THEN NULL ELSE disabled_because END,
  updated_at = :now
WHERE webhook_id = :webhook_id;

-- name: delete_webhook!
DELETE FROM webhook WHERE webhook_id = :webhook_id;

-- name: change_webhook_secret!
UPDATE webhook SET old_secret = secret, old_secret_until = :until, secret = :secret, updated_at = :now
WHERE webhook_id = :webhook_id;

-- name: disable_webhook!
UPDATE webhook SET active = false, disabled_because = :reason, updated_at = :now WHERE webhook_id = :webhook_id AND active;

-- name: insert_deliveries!
-- Of events just placed. A test goes to the webhook that it is about, whatever types that one wants, and to no other.
INSERT INTO webhook_delivery (cell, webhook_id, event_id, next_attempt_at)
SELECT :cell, webhook.webhook_id, new.event_id, :now
FROM unnest(:event_ids::uuid[], :types::text[], :subjects::text[]) AS new (event_id, type, subject) JOIN webhook
  ON CASE new.type WHEN 'webhook.test' THEN webhook.webhook_id::text = new.subject
     ELSE webhook.active AND (webhook.types IS NULL OR new.type = ANY(webhook.types)) END
ON CONFLICT (cell, webhook_id, event_id) DO NOTHING;

-- name: insert_replayed_deliveries!
-- From a place in the feed on, delivered before or not.
INSERT INTO webhook_delivery (cell, webhook_id, event_id, next_attempt_at)
SELECT :cell, webhook.webhook_id, event.event_id, :now
FROM webhook JOIN event ON webhook.types IS NULL OR event.type = ANY(webhook.types)
WHERE webhook.webhook_id = :webhook_id AND event.cell = :cell AND event.position > :after::bigint
  AND event.type <> 'webhook.test'
ON CONFLICT (cell, webhook_id, event_id) DO UPDATE SET
  status = 'pending', attempts = 0, next_attempt_at = EXCLUDED.next_attempt_at;

-- name: claim_deliveries
-- Some of each webhook, so that one that is slow holds up no other. Claimed until leased_until, then due again.
WITH due AS (
  SELECT delivery.webhook_id, delivery.event_id
  FROM webhook CROSS JOIN LATERAL (
    SELECT webhook_id, event_id FROM webhook_delivery
    WHERE webhook_delivery.cell = :cell AND webhook_delivery.webhook_id = webhook.webhook_id
      AND webhook_delivery.status = 'pending' AND webhook_delivery.next_attempt_at <= :now
    ORDER BY next_attempt_at, event_id LIMIT :each FOR UPDATE SKIP LOCKED) delivery
  WHERE webhook.active AND webhook.webhook_id <> ALL(:busy::uuid[])
  LIMIT :row_limit
)
UPDATE webhook_delivery SET attempts = least(attempts + 1, 32767), last_attempt_at = :now, next_attempt_at = :leased_until
FROM due JOIN webhook USING (webhook_id), event
WHERE webhook_delivery.cell = :cell AND webhook_delivery.webhook_id = due.webhook_id
  AND webhook_delivery.event_id = due.event_id AND event.cell = :cell AND event.event_id = due.event_id
RETURNING webhook_delivery.webhook_id, webhook.url, webhook.secret, webhook.old_secret, webhook.old_secret_until,
  webhook_delivery.attempts, event.event_id, event.type, event.subject, event.created_at, event.data;

-- name: end_delivery!
-- Unless it was begun anew meanwhile (a replay, or the lease ran out).
UPDATE webhook_delivery SET status = :status, next_attempt_at = :next_attempt_at::timestamptz,
  last_status = :last_status::smallint, last_error = :last_error::text
WHERE cell = :cell AND webhook_id = :webhook_id AND event_id = :event_id AND attempts = :attempts AND status = 'pending';

-- name: list_deliveries
SELECT delivery.event_id, event.type, delivery.status, delivery.attempts, delivery.next_attempt_at,
       delivery.last_attempt_at, delivery.last_status, delivery.last_error
FROM webhook_delivery delivery JOIN event USING (cell, event_id)
WHERE delivery.cell = :cell AND delivery.webhook_id = :webhook_id
  AND (delivery.status = :status::text OR :status::text IS NULL)
  AND (delivery.event_id < :before::uuid OR :before::uuid IS NULL)
ORDER BY delivery.event_id DESC LIMIT :row_limit;

-- name: delete_old_deliveries!
DELETE FROM webhook_delivery WHERE (cell, webhook_id, event_id) IN (
  SELECT cell, webhook_id, event_id FROM webhook_delivery
  WHERE cell = :cell AND event_id < :first_kept::uuid LIMIT :row_limit);
