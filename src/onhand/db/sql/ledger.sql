-- name: insert_operations!
INSERT INTO operation (cell, operation_id, type, reason, reference_type, reference_id, created_at, created_by)
SELECT :cell, operation_id, type, reason, reference_type, reference_id, :now, created_by
FROM unnest(:operation_ids::uuid[], :types::text[], :reasons::text[], :reference_types::text[],
            :reference_ids::text[], :actors::text[])
  AS new (operation_id, type, reason, reference_type, reference_id, created_by);

-- name: find_operations
-- Which of these were committed: settles an attempt whose answer was lost.
SELECT operation_id FROM operation WHERE cell = :cell AND operation_id = ANY(:operation_ids::uuid[]);

-- name: insert_ledger!
INSERT INTO ledger (cell, txn_id, operation_id, product_id, warehouse_id, version, created_at, quantity, on_hand,
                    reserved, type, created_by, reason, reference_type, reference_id)
SELECT :cell, txn_id, operation_id, product_id, warehouse_id, version, :now, quantity, on_hand, reserved, type,
       created_by, reason, reference_type, reference_id
FROM unnest(:txn_ids::uuid[], :operation_ids::uuid[], :product_ids::uuid[], :warehouse_ids::uuid[], :versions::int8[],
            :quantities::int8[], :on_hands::int8[], :reserveds::int8[], :types::text[], :actors::text[],
            :reasons::text[], :reference_types::text[], :reference_ids::text[])
  AS new (txn_id, operation_id, product_id, warehouse_id, version, quantity, on_hand, reserved, type, created_by,
          reason, reference_type, reference_id);

-- name: list_ledger
-- A RESERVE and its reservation, a TRANSFER and its transfer have one id, so the row need not name it twice.
SELECT ledger.txn_id, ledger.operation_id, ledger.type, product.sku, warehouse.code AS warehouse, ledger.quantity,
       ledger.on_hand, ledger.reserved, ledger.reason,
       coalesce(ledger.reference_type,
                CASE ledger.type WHEN 'RESERVE' THEN 'reservation' WHEN 'TRANSFER' THEN 'transfer' END) AS reference_type,
       coalesce(ledger.reference_id,
                CASE WHEN ledger.type IN ('RESERVE', 'TRANSFER') THEN ledger.operation_id::text END) AS reference_id,
       ledger.created_at, ledger.created_by,
       (SELECT jsonb_object_agg(state, moved.quantity) FROM ledger_state moved
        WHERE moved.cell = ledger.cell AND moved.txn_id = ledger.txn_id) AS states
FROM ledger JOIN product USING (product_id) JOIN warehouse USING (warehouse_id)
WHERE ledger.cell = :cell
  AND (ledger.warehouse_id = :warehouse_id::uuid OR :warehouse_id::uuid IS NULL)
  AND (ledger.type = :type::text OR :type::text IS NULL)
  AND (ledger.reference_id = :reference_id::text OR ledger.operation_id = :operation_id::uuid
       OR :reference_id::text IS NULL)
  AND (ledger.created_at >= :from_time::timestamptz OR :from_time::timestamptz IS NULL)
  AND (ledger.created_at < :to_time::timestamptz OR :to_time::timestamptz IS NULL)
  AND (ledger.txn_id < :before::uuid OR :before::uuid IS NULL)
ORDER BY ledger.txn_id DESC
LIMIT :row_limit;

-- name: list_ledger_of_product
-- Level by level from the newest version back, then merged: as quick for a SKU with a million rows as for one with ten.
SELECT entry.txn_id, entry.operation_id, entry.type, product.sku, warehouse.code AS warehouse, entry.quantity,
       entry.on_hand, entry.reserved, entry.reason,
       coalesce(entry.reference_type,
                CASE entry.type WHEN 'RESERVE' THEN 'reservation' WHEN 'TRANSFER' THEN 'transfer' END) AS reference_type,
       coalesce(entry.reference_id,
                CASE WHEN entry.type IN ('RESERVE', 'TRANSFER') THEN entry.operation_id::text END) AS reference_id,
       entry.created_at, entry.created_by,
       (SELECT jsonb_object_agg(state, moved.quantity) FROM ledger_state moved
        WHERE moved.cell = entry.cell AND moved.txn_id = entry.txn_id) AS states
FROM product JOIN level USING (product_id) JOIN warehouse USING (warehouse_id)
CROSS JOIN LATERAL (
  SELECT * FROM ledger
  WHERE ledger.cell = :cell AND ledger.product_id = level.product_id AND ledger.warehouse_id = level.warehouse_id
    AND (ledger.type = :type::text OR :type::text IS NULL)
    AND (ledger.reference_id = :reference_id::text OR ledger.operation_id = :operation_id::uuid
       OR :reference_id::text IS NULL)
    AND (ledger.created_at >= :from_time::timestamptz OR :from_time::timestamptz IS NULL)
    AND (ledger.created_at < :to_time::timestamptz OR :to_time::timestamptz IS NULL)
    AND (ledger.txn_id < :before::uuid OR :before::uuid IS NULL)
  ORDER BY ledger.version DESC LIMIT :row_limit) entry
WHERE product.product_id = :product_id
  AND (level.warehouse_id = :warehouse_id::uuid OR :warehouse_id::uuid IS NULL)
ORDER BY entry.txn_id DESC LIMIT :row_limit;
