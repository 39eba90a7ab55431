-- depends: 0001.stock
-- Where stock comes from: suppliers, what they sell, what was ordered of them.

CREATE TABLE supplier (
  supplier_id uuid PRIMARY KEY,
  code text NOT NULL,
  name text NOT NULL,
  lead_time_in text NOT NULL DEFAULT 'calendar_days',   -- what lead times count; working_days = Monday to Friday
  reorders text NOT NULL DEFAULT 'placed',              -- what onhand orders by itself is placed at once, or a draft
  over_delivery_percent smallint NOT NULL DEFAULT 0,    -- of a line: how much more than ordered is taken in
  under_delivery_percent smallint NOT NULL DEFAULT 0,   -- of a line: what is still open closes short from here on down
  active boolean NOT NULL DEFAULT true,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CONSTRAINT supplier_code_unique UNIQUE (code),
  CONSTRAINT supplier_code_length CHECK (length(code) BETWEEN 1 AND 50),
  CONSTRAINT supplier_lead_time_in_known CHECK (lead_time_in IN ('calendar_days', 'working_days')),
  CONSTRAINT supplier_reorders_known CHECK (reorders IN ('placed', 'draft')),
  CONSTRAINT supplier_percents_in_range
    CHECK (over_delivery_percent BETWEEN 0 AND 100 AND under_delivery_percent BETWEEN 0 AND 100)
);

CREATE TABLE supplier_product (
  supplier_id uuid NOT NULL REFERENCES supplier,
  product_id uuid NOT NULL REFERENCES product,
  supplier_sku text,
  lead_time_days smallint NOT NULL,
  minimum_order integer NOT NULL DEFAULT 1,    -- units of one line
  pack_size integer NOT NULL DEFAULT 1,        -- units; a line is a multiple of it
  unit_cost numeric(14, 4),
  priority smallint NOT NULL DEFAULT 1,        -- 1 is asked first
  CONSTRAINT supplier_product_pkey PRIMARY KEY (supplier_id, product_id),
  CONSTRAINT supplier_product_terms_in_range CHECK (
    lead_time_days BETWEEN 0 AND 1000 AND minimum_order > 0 AND pack_size > 0 AND unit_cost >= 0 AND priority > 0)
);
-- Who sells a product, the first choice first.
CREATE INDEX supplier_product_choice ON supplier_product (product_id, priority, lead_time_days, supplier_id);

CREATE TABLE purchase_order (
  cell smallint NOT NULL DEFAULT 0,
  purchase_order_id uuid NOT NULL,
  supplier_id uuid NOT NULL REFERENCES supplier,
  status text NOT NULL,
  expected_arrival_date date,
  placed_at timestamptz,
  created_at timestamptz NOT NULL,
  created_by text NOT NULL,
  CONSTRAINT purchase_order_pkey PRIMARY KEY (cell, purchase_order_id),
  CONSTRAINT purchase_order_status_known
    CHECK (status IN ('draft', 'placed', 'partially_received', 'received', 'cancelled', 'closed_short')),
  CONSTRAINT purchase_order_placed_has_dates CHECK (
    status IN ('draft', 'cancelled') OR (placed_at IS NOT NULL AND expected_arrival_date IS NOT NULL))
);
CREATE INDEX purchase_order_supplier ON purchase_order (cell, supplier_id, purchase_order_id);

-- open = what is still to come, never below zero; received counts all that arrived, in whatever state.
CREATE TABLE purchase_order_line (
  cell smallint NOT NULL DEFAULT 0,
  purchase_order_id uuid NOT NULL,
  line smallint NOT NULL,
  product_id uuid NOT NULL,
  warehouse_id uuid NOT NULL,
  quantity integer NOT NULL,
  received integer NOT NULL DEFAULT 0,
  damaged integer NOT NULL DEFAULT 0,           -- the part of received that came broken
  quality_control integer NOT NULL DEFAULT 0,   -- the part of received that went to be looked at
  cancelled integer NOT NULL DEFAULT 0,
  open integer NOT NULL,
  CONSTRAINT purchase_order_line_pkey PRIMARY KEY (cell, purchase_order_id, line),
  CONSTRAINT purchase_order_line_quantity_positive CHECK (quantity > 0),
  CONSTRAINT purchase_order_line_parts_not_negative CHECK (
    damaged >= 0 AND quality_control >= 0 AND cancelled >= 0 AND damaged + quality_control <= received),
  CONSTRAINT purchase_order_line_open_is_the_rest CHECK (open = greatest(0, quantity - received - cancelled))
);
-- What is on order for a level. Lines that are done with leave it.
CREATE INDEX purchase_order_line_open ON purchase_order_line (cell, product_id, warehouse_id) WHERE open > 0;
