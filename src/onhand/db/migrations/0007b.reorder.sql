-- depends: 0007.supply
-- Levels that fell below their threshold: written in the transaction that took the stock, turned into purchase orders
-- by a job. No key on the level: a note never waits for another one, nor for the job that deletes it.
CREATE TABLE reorder_note (
  cell smallint NOT NULL DEFAULT 0,
  note_id uuid NOT NULL,
  product_id uuid NOT NULL,
  warehouse_id uuid NOT NULL,
  CONSTRAINT reorder_note_pkey PRIMARY KEY (cell, note_id)
);
