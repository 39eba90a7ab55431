-- depends: 0007b.reorder
-- How long deliveries really took: calendar days from placed to received, one entry per product and receipt, the newest
-- first, the last 20. Written in the transaction of the receipt.
CREATE TABLE measured_lead_time (
  supplier_id uuid NOT NULL REFERENCES supplier,
  product_id uuid NOT NULL REFERENCES product,
  days integer[] NOT NULL,
  CONSTRAINT measured_lead_time_pkey PRIMARY KEY (supplier_id, product_id),
  CONSTRAINT measured_lead_time_days_in_range CHECK (cardinality(days) BETWEEN 1 AND 20 AND 0 <= ALL (days))
);

-- From so many receipts on, the measured lead time counts and not the agreed one; 0 = never.
ALTER TABLE supplier ADD COLUMN measured_after_receipts smallint NOT NULL DEFAULT 10;
ALTER TABLE supplier ADD CONSTRAINT supplier_measured_after_receipts_in_range
  CHECK (measured_after_receipts BETWEEN 0 AND 20);

-- What was received before this version counts too: the ledger knows it.
INSERT INTO measured_lead_time (supplier_id, product_id, days)
SELECT supplier_id, product_id, (array_agg(days ORDER BY created_at DESC))[:20]
FROM (
  SELECT DISTINCT purchase_order.supplier_id, ledger.product_id, ledger.operation_id, ledger.created_at,
         greatest(0, (ledger.created_at AT TIME ZONE 'UTC')::date - (purchase_order.placed_at AT TIME ZONE 'UTC')::date)
           AS days
  FROM purchase_order JOIN ledger ON ledger.cell = purchase_order.cell
    AND ledger.reference_id = purchase_order.purchase_order_id::text
  WHERE ledger.type = 'RECEIVE' AND ledger.reference_type = 'purchase_order' AND purchase_order.placed_at IS NOT NULL
) receipt GROUP BY supplier_id, product_id;
