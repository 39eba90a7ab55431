-- depends: 0007.supply 0008.web
-- What the pages filter by at millions of levels. No index may lie on a quantity (every stock change stays a HOT update),
-- so the few levels that want attention are noted beside: by a trigger that runs only when a level begins or ceases to.

-- below: on hand less what is owed is under its threshold. reorder: so is that with what is being inspected. backordered:
-- units are owed. none: nothing lies there.
CREATE TABLE stock_alert (
  cell smallint NOT NULL DEFAULT 0,
  kind text NOT NULL,
  sku text NOT NULL,               -- never changes; here so that a page is a range of the key
  product_id uuid NOT NULL,
  warehouse_id uuid NOT NULL,
  CONSTRAINT stock_alert_pkey PRIMARY KEY (cell, kind, sku, warehouse_id)
);
CREATE INDEX stock_alert_warehouse ON stock_alert (cell, kind, warehouse_id, sku);
CREATE INDEX stock_alert_prefix ON stock_alert (cell, kind, upper(sku) text_pattern_ops, sku);

CREATE FUNCTION stock_alerts_of(level) RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
  SELECT array_remove(ARRAY[
    CASE WHEN $1.on_hand - $1.backordered < $1.reorder_threshold THEN 'below' END,
    CASE WHEN $1.on_hand - $1.backordered + $1.quality_control < $1.reorder_threshold THEN 'reorder' END,
    CASE WHEN $1.backordered > 0 THEN 'backordered' END,
    CASE WHEN $1.on_hand = 0 THEN 'none' END], NULL)
$$;

-- Under the lock of its level, so two transactions never write the same rows. A connection keeps the plans of its
-- statements: those made while the table was empty must use the key as well.
CREATE FUNCTION note_stock_alerts() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
  its_sku text := (SELECT sku FROM product WHERE product_id = NEW.product_id);
  kinds text[] := stock_alerts_of(NEW);
BEGIN
  IF TG_OP = 'UPDATE' THEN
    DELETE FROM stock_alert WHERE cell = NEW.cell AND kind = ANY(ARRAY['below', 'reorder', 'backordered', 'none'])
      AND kind <> ALL(kinds) AND sku = its_sku AND warehouse_id = NEW.warehouse_id;
  END IF;
  INSERT INTO stock_alert (cell, kind, sku, product_id, warehouse_id)
  SELECT NEW.cell, unnest(kinds), its_sku, NEW.product_id, NEW.warehouse_id ON CONFLICT DO NOTHING;
  RETURN NULL;
END
$$;
CREATE TRIGGER level_alerts_begin AFTER INSERT ON level FOR EACH ROW
  WHEN (NEW.on_hand = 0 OR NEW.backordered > 0 OR NEW.reorder_threshold IS NOT NULL)
  EXECUTE FUNCTION note_stock_alerts();
CREATE TRIGGER level_alerts_change AFTER UPDATE ON level FOR EACH ROW
  WHEN ((OLD.on_hand = 0) <> (NEW.on_hand = 0) OR (OLD.backordered > 0) <> (NEW.backordered > 0)
        OR (OLD.on_hand - OLD.backordered < OLD.reorder_threshold)
           IS DISTINCT FROM (NEW.on_hand - NEW.backordered < NEW.reorder_threshold)
        OR (OLD.on_hand - OLD.backordered + OLD.quality_control < OLD.reorder_threshold)
           IS DISTINCT FROM (NEW.on_hand - NEW.backordered + NEW.quality_control < NEW.reorder_threshold))
  EXECUTE FUNCTION note_stock_alerts();
INSERT INTO stock_alert (cell, kind, sku, product_id, warehouse_id)
SELECT level.cell, unnest(stock_alerts_of(level)), product.sku, product_id, warehouse_id
FROM level JOIN product USING (product_id);

-- The other order of the stock page.
CREATE INDEX product_by_name ON product (name, sku);

CREATE INDEX purchase_order_status ON purchase_order (cell, status, purchase_order_id);
CREATE INDEX purchase_order_due ON purchase_order (cell, expected_arrival_date)
  WHERE status IN ('placed', 'partially_received');

-- Orders refused, by second: a refusal writes nothing else. Each server process adds its own, and old rows go.
CREATE UNLOGGED TABLE refusal (
  at timestamptz NOT NULL,
  process_id uuid NOT NULL,
  orders integer NOT NULL,
  CONSTRAINT refusal_pkey PRIMARY KEY (at, process_id)
);

ALTER TABLE web_user ADD COLUMN disabled_at timestamptz;
