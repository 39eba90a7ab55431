-- name: insert_events!
INSERT INTO event (cell, event_id, type, subject, created_at, data)
SELECT :cell, event_id, type, subject, :now, data::jsonb
FROM unnest(:event_ids::uuid[], :types::text[], :subjects::text[], :datas::text[]) AS new (event_id, type, subject, data);

-- name: look_for_unplaced_events
SELECT EXISTS (SELECT FROM event WHERE cell = :cell AND position IS NULL) AS unplaced;

-- name: lock_event_feed
SELECT position FROM event_feed WHERE cell = :cell FOR UPDATE;

-- name: place_events
-- Under the lock of lock_event_feed, in a statement of its own: it must see what was committed before that lock came free.
UPDATE event SET position = :position::bigint + new.number
FROM (SELECT event_id, row_number() OVER (ORDER BY event_id) AS number
      FROM (SELECT event_id FROM event WHERE cell = :cell AND position IS NULL
            ORDER BY event_id LIMIT :row_limit) unplaced) new
WHERE event.cell = :cell AND event.event_id = new.event_id
RETURNING event.event_id, event.type, event.subject;

-- name: move_event_feed!
UPDATE event_feed SET position = :position WHERE cell = :cell;

-- name: find_event_position
-- Where the feed goes on after this id: its own place. Of an id that is not (or no longer) there: before the first newer one.
SELECT coalesce((SELECT position FROM event WHERE cell = :cell AND event_id = :event_id),
                (SELECT min(position) - 1 FROM event WHERE cell = :cell AND event_id > :event_id),
                (SELECT position FROM event_feed WHERE cell = :cell), 0) AS goes_on_after;

-- name: list_events
SELECT event_id, type, subject, created_at, data FROM event
WHERE cell = :cell AND position > :after::bigint ORDER BY position LIMIT :row_limit;

-- name: delete_old_events!
DELETE FROM event WHERE cell = :cell AND event_id IN (
  SELECT event_id FROM event
  WHERE cell = :cell AND position IS NOT NULL AND event_id < :first_kept::uuid ORDER BY event_id LIMIT :row_limit);
