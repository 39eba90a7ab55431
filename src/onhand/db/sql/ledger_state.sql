-- name: insert_ledger_states!
INSERT INTO ledger_state (cell, txn_id, state, product_id, warehouse_id, quantity)
SELECT :cell, txn_id, state, product_id, warehouse_id, quantity
FROM unnest(:txn_ids::uuid[], :states::text[], :product_ids::uuid[], :warehouse_ids::uuid[], :quantities::int8[])
  AS new (txn_id, state, product_id, warehouse_id, quantity);

-- name: update_level_states!
-- Under the locks of lock_levels, so the values are the whole truth. Apart from update_levels: few batches need it.
UPDATE level SET damaged = new.damaged, quality_control = new.quality_control, set_aside = new.set_aside
FROM unnest(:product_ids::uuid[], :warehouse_ids::uuid[], :damageds::int8[], :quality_controls::int8[],
            :set_asides::int8[])
  AS new (product_id, warehouse_id, damaged, quality_control, set_aside)
WHERE level.cell = :cell AND level.product_id = new.product_id AND level.warehouse_id = new.warehouse_id;

-- name: find_state_differences
-- Levels against what moved into and out of their states, and rows whose ledger row is missing or of another level.
WITH sums AS (
  SELECT state.cell, state.product_id, state.warehouse_id,
         coalesce(sum(state.quantity) FILTER (WHERE state.state = 'damaged'), 0) AS damaged,
         coalesce(sum(state.quantity) FILTER (WHERE state.state = 'quality_control'), 0) AS quality_control,
         coalesce(sum(state.quantity) FILTER (WHERE state.state = 'safety_stock'), 0) AS set_aside,
         count(*) FILTER (WHERE ledger.txn_id IS NULL) AS orphans
  FROM ledger_state state
  LEFT JOIN ledger USING (cell, txn_id, product_id, warehouse_id)
  GROUP BY state.cell, state.product_id, state.warehouse_id)
SELECT product_id, warehouse_id, coalesce(level.damaged, 0) AS level_damaged,
       coalesce(sums.damaged, 0)::bigint AS ledger_damaged,
       coalesce(level.quality_control, 0) AS level_quality_control,
       coalesce(sums.quality_control, 0)::bigint AS ledger_quality_control,
       coalesce(level.set_aside, 0) AS level_set_aside, coalesce(sums.set_aside, 0)::bigint AS ledger_set_aside,
       coalesce(sums.orphans, 0) AS orphans
FROM level FULL JOIN sums USING (cell, product_id, warehouse_id)
WHERE coalesce(level.damaged, 0) <> coalesce(sums.damaged, 0)
   OR coalesce(level.quality_control, 0) <> coalesce(sums.quality_control, 0)
   OR coalesce(level.set_aside, 0) <> coalesce(sums.set_aside, 0) OR sums.orphans > 0
ORDER BY product_id, warehouse_id LIMIT :row_limit;
