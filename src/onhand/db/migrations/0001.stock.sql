-- The truth about stock. Words and laws: docs/architecture.md.
--
-- cell: hash of the product modulo the number of cells; the distribution column on Citus, always 0 on one machine.
-- Ids and times come from the application (UUIDv7, UTC): no sequences, no volatile defaults on written paths.

CREATE TABLE product (
  product_id uuid PRIMARY KEY,
  sku text NOT NULL,
  name text NOT NULL,
  category text,
  weight_g integer,
  length_mm integer,
  width_mm integer,
  height_mm integer,
  selling_mode text NOT NULL DEFAULT 'deny',
  selling_limit integer,           -- units per level below zero; null = no limit
  release_date date,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CONSTRAINT product_sku_unique UNIQUE (sku),
  CONSTRAINT product_sku_length CHECK (length(sku) BETWEEN 1 AND 100),
  CONSTRAINT product_selling_mode_known CHECK (selling_mode IN ('deny', 'backorder', 'preorder')),
  CONSTRAINT product_selling_limit_not_negative CHECK (selling_limit >= 0),
  CONSTRAINT product_preorder_has_release_date CHECK (selling_mode <> 'preorder' OR release_date IS NOT NULL),
  CONSTRAINT product_measures_not_negative CHECK (weight_g >= 0 AND length_mm >= 0 AND width_mm >= 0 AND height_mm >= 0)
);

CREATE TABLE warehouse (
  warehouse_id uuid PRIMARY KEY,
  code text NOT NULL,
  name text NOT NULL,
  latitude double precision NOT NULL,
  longitude double precision NOT NULL,
  country text,
  postal_code text,
  time_zone text NOT NULL DEFAULT 'UTC',
  capacity integer,                -- units; null = not limited
  active boolean NOT NULL DEFAULT true,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CONSTRAINT warehouse_code_unique UNIQUE (code),
  CONSTRAINT warehouse_code_length CHECK (length(code) BETWEEN 1 AND 50),
  CONSTRAINT warehouse_latitude_on_earth CHECK (latitude BETWEEN -90 AND 90),
  CONSTRAINT warehouse_longitude_on_earth CHECK (longitude BETWEEN -180 AND 180),
  CONSTRAINT warehouse_capacity_positive CHECK (capacity > 0)
);

-- No index on a quantity, and room on each page: every stock change is a HOT update.
CREATE TABLE level (
  cell smallint NOT NULL DEFAULT 0,
  product_id uuid NOT NULL REFERENCES product,
  warehouse_id uuid NOT NULL REFERENCES warehouse,
  on_hand integer NOT NULL DEFAULT 0,
  reserved integer NOT NULL DEFAULT 0,
  backordered integer NOT NULL DEFAULT 0,   -- the part of reserved that no stock covers yet
  damaged integer NOT NULL DEFAULT 0,
  quality_control integer NOT NULL DEFAULT 0,
  incoming integer NOT NULL DEFAULT 0,
  version bigint NOT NULL DEFAULT 0,        -- ledger rows written for this level so far
  backorder_limit integer,                  -- in force; null = no limit. Follows the product unless backorder_limit_own
  backorder_limit_own boolean NOT NULL DEFAULT false,
  reorder_threshold integer,
  reorder_quantity integer,
  safety_stock integer NOT NULL DEFAULT 0,
  CONSTRAINT level_pkey PRIMARY KEY (cell, product_id, warehouse_id),
  CONSTRAINT level_on_hand_not_negative CHECK (on_hand >= 0),
  CONSTRAINT level_backordered_within_reserved CHECK (0 <= backordered AND backordered <= reserved),
  CONSTRAINT level_covered_within_on_hand CHECK (reserved - backordered <= on_hand),
  CONSTRAINT level_states_not_negative CHECK (damaged >= 0 AND quality_control >= 0 AND incoming >= 0),
  CONSTRAINT level_backorder_limit_not_negative CHECK (backorder_limit >= 0),
  CONSTRAINT level_settings_not_negative
    CHECK (reorder_threshold >= 0 AND reorder_quantity > 0 AND safety_stock >= 0)
) WITH (fillfactor = 60);

-- What was accepted: one row per operation, whatever the number of its lines.
CREATE TABLE operation (
  cell smallint NOT NULL DEFAULT 0,
  operation_id uuid NOT NULL,
  type text NOT NULL,
  reason text,
  reference_type text,
  reference_id text,
  created_at timestamptz NOT NULL,
  created_by text NOT NULL,
  CONSTRAINT operation_pkey PRIMARY KEY (cell, operation_id),
  CONSTRAINT operation_type_known
    CHECK (type IN ('RECEIVE', 'RESERVE', 'RELEASE', 'FULFILL', 'ADJUST', 'TRANSFER'))
);

-- Append-only. quantity is signed as the operation moves what it counts; on_hand and reserved are the level after it.
-- (level, version) is unique: two writers that both thought they held the level could not both be right.
CREATE TABLE ledger (
  cell smallint NOT NULL DEFAULT 0,
  txn_id uuid NOT NULL,
  operation_id uuid NOT NULL,
  product_id uuid NOT NULL,
  warehouse_id uuid NOT NULL,
  version bigint NOT NULL,
  created_at timestamptz NOT NULL,
  quantity integer NOT NULL,
  on_hand integer NOT NULL,
  reserved integer NOT NULL,
  type text NOT NULL,
  created_by text NOT NULL,
  reason text,
  reference_type text,
  reference_id text,
  CONSTRAINT ledger_pkey PRIMARY KEY (cell, txn_id),
  CONSTRAINT ledger_level_version_unique UNIQUE (cell, product_id, warehouse_id, version),
  CONSTRAINT ledger_type_known
    CHECK (type IN ('RECEIVE', 'RESERVE', 'RELEASE', 'FULFILL', 'ADJUST', 'TRANSFER')),
  CONSTRAINT ledger_sign_fits_type CHECK (
    CASE type WHEN 'RECEIVE' THEN quantity > 0 WHEN 'RESERVE' THEN quantity < 0
              WHEN 'RELEASE' THEN quantity > 0 WHEN 'FULFILL' THEN quantity < 0 ELSE true END),
  CONSTRAINT ledger_after_not_negative CHECK (on_hand >= 0 AND reserved >= 0)
);
-- Ids grow with time, so these indexes grow at their right edge and cost little.
CREATE INDEX ledger_operation ON ledger (cell, operation_id);
CREATE INDEX ledger_reference ON ledger (cell, reference_id) WHERE reference_id IS NOT NULL;

CREATE TABLE reservation (
  cell smallint NOT NULL DEFAULT 0,
  reservation_id uuid NOT NULL,    -- also the operation_id of its RESERVE
  status text NOT NULL,
  order_id text,
  created_at timestamptz NOT NULL,
  expires_at timestamptz,
  route jsonb,                     -- why these warehouses
  requested jsonb,                 -- line → units asked for, where a partial reservation holds less
  CONSTRAINT reservation_pkey PRIMARY KEY (cell, reservation_id),
  CONSTRAINT reservation_status_known
    CHECK (status IN ('active', 'partially_fulfilled', 'fulfilled', 'released', 'expired'))
) WITH (fillfactor = 80);
CREATE INDEX reservation_order_id ON reservation (cell, order_id) WHERE order_id IS NOT NULL;

-- One row per line and warehouse: the allocation. Guarded by the lock on its level.
CREATE TABLE reservation_line (
  cell smallint NOT NULL DEFAULT 0,
  reservation_id uuid NOT NULL,
  line smallint NOT NULL,
  product_id uuid NOT NULL,
  warehouse_id uuid NOT NULL,
  quantity integer NOT NULL,
  fulfilled integer NOT NULL DEFAULT 0,
  released integer NOT NULL DEFAULT 0,
  backordered integer NOT NULL DEFAULT 0,
  CONSTRAINT reservation_line_pkey PRIMARY KEY (cell, reservation_id, line, warehouse_id),
  CONSTRAINT reservation_line_quantity_positive CHECK (quantity > 0),
  CONSTRAINT reservation_line_parts_within_quantity CHECK (
    fulfilled >= 0 AND released >= 0 AND backordered >= 0 AND fulfilled + released + backordered <= quantity)
) WITH (fillfactor = 80);
-- The waiting list of a level, oldest first (UUIDv7 sorts by time). Lines that stock covers never enter it.
CREATE INDEX reservation_line_waiting ON reservation_line (cell, product_id, warehouse_id, reservation_id, line)
  WHERE backordered > 0;

-- The timer queue of holds. reservation.expires_at decides; a timer that fires early or late is harmless.
CREATE TABLE reservation_timer (
  cell smallint NOT NULL DEFAULT 0,
  expires_at timestamptz NOT NULL,
  reservation_id uuid NOT NULL,
  CONSTRAINT reservation_timer_pkey PRIMARY KEY (cell, expires_at, reservation_id)
);

CREATE TABLE transfer (
  cell smallint NOT NULL DEFAULT 0,
  transfer_id uuid NOT NULL,       -- also the operation_id of its dispatch
  from_warehouse_id uuid NOT NULL REFERENCES warehouse (warehouse_id),
  to_warehouse_id uuid NOT NULL REFERENCES warehouse (warehouse_id),
  status text NOT NULL,
  created_at timestamptz NOT NULL,
  created_by text NOT NULL,
  CONSTRAINT transfer_pkey PRIMARY KEY (cell, transfer_id),
  CONSTRAINT transfer_status_known CHECK (status IN ('in_transit', 'partially_received', 'received', 'cancelled')),
  CONSTRAINT transfer_goes_elsewhere CHECK (from_warehouse_id <> to_warehouse_id)
);

CREATE TABLE transfer_line (
  cell smallint NOT NULL DEFAULT 0,
  transfer_id uuid NOT NULL,
  line smallint NOT NULL,
  product_id uuid NOT NULL,
  quantity integer NOT NULL,
  received integer NOT NULL DEFAULT 0,
  cancelled integer NOT NULL DEFAULT 0,
  CONSTRAINT transfer_line_pkey PRIMARY KEY (cell, transfer_id, line),
  CONSTRAINT transfer_line_quantity_positive CHECK (quantity > 0),
  CONSTRAINT transfer_line_parts_within_quantity
    CHECK (received >= 0 AND cancelled >= 0 AND received + cancelled <= quantity)
);

-- The first outcome of a request, kept so that a repeat finds it. digest = BLAKE2b of caller and key, 16 bytes.
CREATE TABLE idempotency (
  cell smallint NOT NULL DEFAULT 0,
  digest uuid NOT NULL,
  request_digest uuid NOT NULL,
  created_at timestamptz NOT NULL,
  outcome bytea NOT NULL,
  CONSTRAINT idempotency_pkey PRIMARY KEY (cell, digest)
);

-- What happened to a reservation without its owner asking: read by GET /v1/events.
CREATE TABLE event (
  cell smallint NOT NULL DEFAULT 0,
  event_id uuid NOT NULL,
  type text NOT NULL,
  subject text NOT NULL,
  created_at timestamptz NOT NULL,
  data jsonb NOT NULL,
  CONSTRAINT event_pkey PRIMARY KEY (cell, event_id)
);

CREATE TABLE api_key (
  key_id uuid PRIMARY KEY,
  name text NOT NULL,
  digest bytea NOT NULL,           -- SHA-256 of the key; the key itself is shown once and never stored
  scopes text[] NOT NULL,
  created_at timestamptz NOT NULL,
  revoked_at timestamptz,
  CONSTRAINT api_key_name_unique UNIQUE (name),
  CONSTRAINT api_key_digest_unique UNIQUE (digest),
  CONSTRAINT api_key_scopes_known CHECK (scopes <@ ARRAY['read', 'reserve', 'operate', 'admin'])
);

-- The proofs of the laws: what each run of `onhand reconcile` found.
CREATE TABLE reconciliation (
  reconciliation_id uuid PRIMARY KEY,
  started_at timestamptz NOT NULL,
  finished_at timestamptz NOT NULL,
  report jsonb NOT NULL
);

CREATE FUNCTION refuse_ledger_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the ledger is append-only: % refused', TG_OP
    USING ERRCODE = 'insufficient_privilege', CONSTRAINT = 'ledger_append_only';
END
$$;
CREATE TRIGGER ledger_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_ledger_change();
REVOKE UPDATE, DELETE, TRUNCATE ON ledger FROM PUBLIC, CURRENT_USER;
