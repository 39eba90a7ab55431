-- depends: 0012c.losses 0027.alerts
-- Units set aside as safety stock: they lie in the warehouse beside the shelf, as damaged ones do, and are not sold until
-- they are put back. level.safety_stock is how many somebody wishes there to be; set_aside is how many there are.
ALTER TABLE level ADD COLUMN set_aside integer NOT NULL DEFAULT 0,
  ADD CONSTRAINT level_set_aside_not_negative CHECK (set_aside >= 0);
ALTER TABLE ledger_state DROP CONSTRAINT ledger_state_known;
ALTER TABLE ledger_state ADD CONSTRAINT ledger_state_known
  CHECK (state IN ('damaged', 'quality_control', 'lost', 'safety_stock'));
