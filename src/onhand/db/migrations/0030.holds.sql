-- depends: 0029b.warehouse_revision
-- The open holds that end, in the order in which they do. An order that was shipped or released leaves it with its status,
-- so the sweep sees none of those. reservation_id: many end at one moment, and the sweep pages through them.
CREATE INDEX reservation_ends ON reservation (cell, expires_at, reservation_id)
  WHERE status IN ('active', 'partially_fulfilled') AND expires_at IS NOT NULL;

-- It was one row for each hold, also for those that were over long before.
DROP TABLE reservation_timer;
