-- name: put_lead_times!
-- Newest first. In key order, so that two batches that receive the same products queue.
INSERT INTO measured_lead_time AS known (supplier_id, product_id, days)
SELECT supplier_id, product_id, (array_agg(days::integer ORDER BY place DESC))[1 : 20]
FROM unnest(:supplier_ids::uuid[], :product_ids::uuid[], :days::int8[])
  WITH ORDINALITY AS new (supplier_id, product_id, days, place)
GROUP BY supplier_id, product_id ORDER BY supplier_id, product_id
ON CONFLICT (supplier_id, product_id) DO UPDATE SET days = (EXCLUDED.days || known.days)[1 : 20];

-- name: read_lead_times
-- Agreed and taken, of these products; of one supplier, or of all that sell them.
SELECT sold.supplier_id, sold.product_id, sold.lead_time_days, supplier.lead_time_in, supplier.measured_after_receipts,
       supplier.country, supplier.holiday_region, coalesce(took.days, '{}') AS took_days
FROM supplier_product sold JOIN supplier USING (supplier_id) LEFT JOIN measured_lead_time took USING (supplier_id, product_id)
WHERE sold.product_id = ANY(:product_ids::uuid[])
  AND (sold.supplier_id = :supplier_id::uuid OR :supplier_id::uuid IS NULL);
