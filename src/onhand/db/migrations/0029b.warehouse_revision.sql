-- depends: 0029.webhooks
-- How often the list of warehouses has changed: one row, moved with each change. A batch reads it under its locks, so that
-- no process sells from a warehouse that another has closed, or overlooks one that another has opened.

CREATE TABLE warehouse_revision (
  one_row boolean NOT NULL DEFAULT true,
  revision bigint NOT NULL DEFAULT 0,
  CONSTRAINT warehouse_revision_pkey PRIMARY KEY (one_row),
  CONSTRAINT warehouse_revision_is_one_row CHECK (one_row)
);
INSERT INTO warehouse_revision DEFAULT VALUES;
