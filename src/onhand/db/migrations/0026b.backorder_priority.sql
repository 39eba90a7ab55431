-- depends: 0026.routing_rules
-- Who is covered before others when stock comes: 1 first, 9 last, and of one priority the oldest first.
ALTER TABLE reservation_line
  ADD COLUMN priority smallint NOT NULL DEFAULT 5,
  ADD CONSTRAINT reservation_line_priority_in_range CHECK (priority BETWEEN 1 AND 9);

-- The waiting list of a level, in the order in which it is covered. Lines that stock covers never enter it.
DROP INDEX reservation_line_waiting;
CREATE INDEX reservation_line_waiting ON reservation_line
  (cell, product_id, warehouse_id, priority, reservation_id, line) WHERE backordered > 0;
