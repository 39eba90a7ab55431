-- depends: 0007b.reorder
-- Units that lie there and cannot be sold: what moved into and out of damaged and quality_control. Each row belongs to
-- the ledger row of the same txn_id, whose quantity is what moved on or off the shelf in the same moment (0 = nothing).
CREATE TABLE ledger_state (
  cell smallint NOT NULL DEFAULT 0,
  txn_id uuid NOT NULL,
  state text NOT NULL,
  product_id uuid NOT NULL,
  warehouse_id uuid NOT NULL,
  quantity integer NOT NULL,      -- signed
  CONSTRAINT ledger_state_pkey PRIMARY KEY (cell, txn_id, state),
  CONSTRAINT ledger_state_known CHECK (state IN ('damaged', 'quality_control')),
  CONSTRAINT ledger_state_moves CHECK (quantity <> 0)
);
CREATE INDEX ledger_state_level ON ledger_state (cell, product_id, warehouse_id);
CREATE TRIGGER ledger_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_state
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_ledger_change();
REVOKE UPDATE, DELETE, TRUNCATE ON ledger_state FROM PUBLIC, CURRENT_USER;

-- A delivery of which nothing can be sold receives 0. NOT VALID: rows written under the narrower rule keep this one.
ALTER TABLE ledger DROP CONSTRAINT ledger_sign_fits_type;
ALTER TABLE ledger ADD CONSTRAINT ledger_sign_fits_type CHECK (
  CASE type WHEN 'RECEIVE' THEN quantity >= 0 WHEN 'RESERVE' THEN quantity < 0
            WHEN 'RELEASE' THEN quantity > 0 WHEN 'FULFILL' THEN quantity < 0 ELSE true END) NOT VALID;
