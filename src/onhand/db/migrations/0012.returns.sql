-- depends: 0007d.counts
-- What customers send back. A return that moves stock is a RECEIVE whose operation_id is the return's id.
CREATE TABLE customer_return (
  cell smallint NOT NULL DEFAULT 0,
  return_id uuid NOT NULL,
  order_id text,
  reason text,
  created_at timestamptz NOT NULL,
  created_by text NOT NULL,
  CONSTRAINT customer_return_pkey PRIMARY KEY (cell, return_id)
);

CREATE INDEX customer_return_time ON customer_return (cell, created_at, return_id);

-- One row per part: of which line of which reservation, from where it had been shipped, where it came back to (null:
-- refused, it did not). Guarded by the locks on the levels of the reservation.
CREATE TABLE customer_return_line (
  cell smallint NOT NULL DEFAULT 0,
  return_id uuid NOT NULL,
  line smallint NOT NULL,
  reservation_id uuid NOT NULL,
  reservation_line smallint NOT NULL,
  from_warehouse_id uuid NOT NULL,
  product_id uuid NOT NULL,
  to_warehouse_id uuid,
  quantity integer NOT NULL,
  disposition text NOT NULL,
  reason text,
  CONSTRAINT customer_return_line_pkey PRIMARY KEY (cell, return_id, line),
  CONSTRAINT customer_return_line_quantity_positive CHECK (quantity > 0),
  CONSTRAINT customer_return_line_disposition_known
    CHECK (disposition IN ('restock', 'quality_control', 'damaged', 'refuse')),
  CONSTRAINT customer_return_line_refused_goes_nowhere CHECK ((disposition = 'refuse') = (to_warehouse_id IS NULL))
);
CREATE INDEX customer_return_line_reservation ON customer_return_line (cell, reservation_id);
