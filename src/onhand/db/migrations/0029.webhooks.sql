-- depends: 0014.pages
-- The feed of events in an order that no reader can miss, and the webhooks that are told of them.

-- position: the place in the feed, given after the event is committed, by one giver at a time (the lock on event_feed):
-- whoever sees a position sees every smaller one. An id is made before its commit, so ids cannot order a feed.
ALTER TABLE event ADD COLUMN position bigint;
CREATE INDEX event_unplaced ON event (cell, event_id) WHERE position IS NULL;
CREATE UNIQUE INDEX event_position_unique ON event (cell, position) WHERE position IS NOT NULL;
CREATE TABLE event_feed (
  cell smallint NOT NULL DEFAULT 0,
  position bigint NOT NULL DEFAULT 0,   -- the last one given
  CONSTRAINT event_feed_pkey PRIMARY KEY (cell),
  CONSTRAINT event_feed_position_not_negative CHECK (position >= 0)
);
INSERT INTO event_feed (cell) VALUES (0);

CREATE TABLE webhook (
  webhook_id uuid PRIMARY KEY,
  url text NOT NULL,
  types text[],                         -- of events; null = all
  description text,
  active boolean NOT NULL DEFAULT true,
  disabled_because text,                -- where the receiver said that it is gone
  secret text NOT NULL,                 -- signing needs it as it is; callers see it once
  old_secret text,                      -- signs as well until old_secret_until
  old_secret_until timestamptz,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CONSTRAINT webhook_url_length CHECK (length(url) BETWEEN 1 AND 2000),
  CONSTRAINT webhook_old_secret_ends CHECK ((old_secret IS NULL) = (old_secret_until IS NULL))
);

-- One event for one webhook. next_attempt_at is null when it is over; while an attempt runs it lies after its end.
CREATE TABLE webhook_delivery (
  cell smallint NOT NULL DEFAULT 0,
  webhook_id uuid NOT NULL REFERENCES webhook ON DELETE CASCADE,
  event_id uuid NOT NULL,
  status text NOT NULL DEFAULT 'pending',
  attempts smallint NOT NULL DEFAULT 0,
  next_attempt_at timestamptz,
  last_attempt_at timestamptz,
  last_status smallint,                 -- of HTTP; null where there was no answer
  last_error text,
  CONSTRAINT webhook_delivery_pkey PRIMARY KEY (cell, webhook_id, event_id),
  CONSTRAINT webhook_delivery_status_known CHECK (status IN ('pending', 'delivered', 'failed')),
  CONSTRAINT webhook_delivery_pending_has_time CHECK ((status = 'pending') = (next_attempt_at IS NOT NULL)),
  CONSTRAINT webhook_delivery_attempts_not_negative CHECK (attempts >= 0)
);
CREATE INDEX webhook_delivery_due ON webhook_delivery (cell, webhook_id, next_attempt_at) WHERE status = 'pending';
