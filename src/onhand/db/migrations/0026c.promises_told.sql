-- depends: 0026b.backorder_priority
-- What was promised to those who wait, and what is so now: the record against which a promise moves. Written by a job,
-- seconds after the reservation; nobody asks for it when stock is reserved. A line that waits no more leaves it.
CREATE TABLE promise (
  cell smallint NOT NULL DEFAULT 0,
  reservation_id uuid NOT NULL,
  line smallint NOT NULL,
  warehouse_id uuid NOT NULL,
  product_id uuid NOT NULL,
  told_at timestamptz NOT NULL,
  told_from date,                  -- the first days that were known; null = nobody has known any yet
  told_to date,
  ships_from date,                 -- as it is now; null = nobody knows
  ships_to date,
  evidence jsonb NOT NULL,         -- which supply covers it
  changed_at timestamptz NOT NULL,
  at_risk boolean NOT NULL GENERATED ALWAYS AS (ships_to IS NULL OR ships_to > told_to) STORED,
  CONSTRAINT promise_pkey PRIMARY KEY (cell, reservation_id, line, warehouse_id),
  CONSTRAINT promise_days_in_order CHECK (
    (told_from IS NULL) = (told_to IS NULL) AND (ships_from IS NULL) = (ships_to IS NULL)
    AND told_from <= told_to AND ships_from <= ships_to)
);
CREATE INDEX promise_level ON promise (cell, product_id, warehouse_id);
CREATE INDEX promise_at_risk ON promise (cell, reservation_id, line, warehouse_id) WHERE at_risk;
