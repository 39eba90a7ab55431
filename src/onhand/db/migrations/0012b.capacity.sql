-- depends: 0012.returns
-- How much a warehouse takes in. warehouse.capacity is told in capacity_in; capacity_policy says what happens beyond it.
ALTER TABLE warehouse
  ADD COLUMN capacity_in text NOT NULL DEFAULT 'units',       -- litres: of the products' dimensions
  ADD COLUMN capacity_policy text NOT NULL DEFAULT 'ignore',
  ADD CONSTRAINT warehouse_capacity_in_known CHECK (capacity_in IN ('units', 'litres')),
  ADD CONSTRAINT warehouse_capacity_policy_known CHECK (capacity_policy IN ('ignore', 'warn', 'refuse'));

-- What is in a warehouse, at most: base + added, in units or mm³ as its capacity. Whatever brings stock in adds to added
-- under the row's lock; what goes out is never written here, so that no sale waits for it. A measurement reads levels
-- and added in one snapshot and makes base the difference: from then on base + added is the truth or more.
CREATE TABLE warehouse_room (
  cell smallint NOT NULL DEFAULT 0,
  warehouse_id uuid NOT NULL REFERENCES warehouse,
  counted boolean NOT NULL DEFAULT false,   -- whether there is a capacity to warn of or to refuse by
  base numeric,                             -- null = to be measured
  added numeric NOT NULL DEFAULT 0,
  epoch integer NOT NULL DEFAULT 0,         -- a measurement of an epoch before does not count
  CONSTRAINT warehouse_room_pkey PRIMARY KEY (cell, warehouse_id)
);
INSERT INTO warehouse_room (warehouse_id) SELECT warehouse_id FROM warehouse;
