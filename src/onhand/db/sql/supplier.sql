-- name: insert_supplier!
INSERT INTO supplier (supplier_id, code, name, lead_time_in, reorders, over_delivery_percent, under_delivery_percent,
                      measured_after_receipts, country, holiday_region, active, created_at, updated_at)
VALUES (:supplier_id, :code, :name, :lead_time_in, :reorders, :over_delivery_percent, :under_delivery_percent,
        :measured_after_receipts, :country::text, :holiday_region::text, :active, :now, :now);

-- name: update_supplier!
UPDATE supplier SET name = :name, lead_time_in = :lead_time_in, reorders = :reorders,
  over_delivery_percent = :over_delivery_percent, under_delivery_percent = :under_delivery_percent,
  measured_after_receipts = :measured_after_receipts, country = :country::text, holiday_region = :holiday_region::text,
  active = :active, updated_at = :now
WHERE supplier_id = :supplier_id;

-- name: find_supplier
SELECT supplier_id, code, name, lead_time_in, reorders, over_delivery_percent, under_delivery_percent,
       measured_after_receipts, country, holiday_region, active, created_at, updated_at
FROM supplier WHERE code = :name OR supplier_id::text = lower(:name) ORDER BY code = :name DESC LIMIT 1;

-- name: lock_supplier
SELECT supplier_id FROM supplier WHERE supplier_id = :supplier_id FOR UPDATE;

-- name: list_suppliers
SELECT supplier_id, code, name, lead_time_in, reorders, over_delivery_percent, under_delivery_percent,
       measured_after_receipts, country, holiday_region, active, created_at, updated_at
FROM supplier WHERE :after::text IS NULL OR code > :after ORDER BY code LIMIT :row_limit;

-- name: read_supplier_codes
SELECT supplier_id, code FROM supplier WHERE supplier_id = ANY(:supplier_ids::uuid[]);

-- name: read_supplier_products
SELECT supplier_product.supplier_id, supplier_product.product_id, product.sku, supplier_product.supplier_sku,
       supplier_product.lead_time_days, supplier_product.minimum_order, supplier_product.pack_size,
       supplier_product.unit_cost::text AS unit_cost, supplier_product.priority, coalesce(took.days, '{}') AS took_days
FROM supplier_product JOIN product USING (product_id) LEFT JOIN measured_lead_time took USING (supplier_id, product_id)
WHERE supplier_product.supplier_id = ANY(:supplier_ids::uuid[])
ORDER BY supplier_product.supplier_id, product.sku;

-- name: put_supplier_products!
INSERT INTO supplier_product (supplier_id, product_id, supplier_sku, lead_time_days, minimum_order, pack_size,
                              unit_cost, priority)
SELECT :supplier_id, product_id, supplier_sku, lead_time_days, minimum_order, pack_size, unit_cost::numeric, priority
FROM unnest(:product_ids::uuid[], :supplier_skus::text[], :lead_times::int8[], :minimum_orders::int8[],
            :pack_sizes::int8[], :unit_costs::text[], :priorities::int8[])
  AS new (product_id, supplier_sku, lead_time_days, minimum_order, pack_size, unit_cost, priority)
ON CONFLICT (supplier_id, product_id) DO UPDATE SET supplier_sku = EXCLUDED.supplier_sku,
  lead_time_days = EXCLUDED.lead_time_days, minimum_order = EXCLUDED.minimum_order, pack_size = EXCLUDED.pack_size,
  unit_cost = EXCLUDED.unit_cost, priority = EXCLUDED.priority;

-- name: delete_supplier_products!
-- All but those that are kept.
DELETE FROM supplier_product
WHERE supplier_id = :supplier_id AND product_id <> ALL(:product_ids::uuid[]);

-- name: export_suppliers
-- One row per supplier and product it sells; a supplier without any has one row.
SELECT supplier.code AS supplier, supplier.name, supplier.lead_time_in, supplier.reorders,
       supplier.over_delivery_percent, supplier.under_delivery_percent, supplier.measured_after_receipts,
       supplier.country, supplier.holiday_region, supplier.active, product.sku, sold.supplier_sku, sold.lead_time_days,
       sold.minimum_order, sold.pack_size, sold.unit_cost::text AS unit_cost, sold.priority
FROM supplier LEFT JOIN supplier_product sold USING (supplier_id) LEFT JOIN product USING (product_id)
WHERE sold.product_id = :product_id::uuid OR :product_id::uuid IS NULL
ORDER BY supplier.code, product.sku;
