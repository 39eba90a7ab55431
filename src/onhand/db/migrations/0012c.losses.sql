-- depends: 0012b.capacity
-- What was lost on its way: the part of cancelled that did not come back to where it came from.
ALTER TABLE transfer_line ADD COLUMN lost integer NOT NULL DEFAULT 0,
  ADD CONSTRAINT transfer_line_shrinkage_within_cancelled CHECK (0 <= lost AND lost <= cancelled);
ALTER TABLE transfer DROP CONSTRAINT transfer_status_known;
ALTER TABLE transfer ADD CONSTRAINT transfer_status_known
  CHECK (status IN ('in_transit', 'partially_received', 'received', 'cancelled', 'lost'));

-- A loss is a TRANSFER of 0 at the destination, where the units were expected: nothing was ever on hand there. How many
-- were lost stands beside it, as what is damaged or to be looked at stands beside a receipt.
ALTER TABLE ledger_state DROP CONSTRAINT ledger_state_known;
ALTER TABLE ledger_state ADD CONSTRAINT ledger_state_known CHECK (state IN ('damaged', 'quality_control', 'lost'));
