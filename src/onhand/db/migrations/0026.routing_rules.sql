-- depends: 0006.routing 0010.promises 0014.pages
-- What an operator says about routing: the rules, in their order; those not named are off. No row = as onhand comes.
CREATE TABLE routing_setting (
  routing_setting_id smallint NOT NULL DEFAULT 1,
  rules text[] NOT NULL,
  updated_at timestamptz NOT NULL,
  updated_by text NOT NULL,
  CONSTRAINT routing_setting_pkey PRIMARY KEY (routing_setting_id),
  CONSTRAINT routing_setting_is_one CHECK (routing_setting_id = 1),
  CONSTRAINT routing_setting_rules_known CHECK (rules <@ ARRAY[
    'fewest_shipments', 'stay_in_country', 'closest', 'priority', 'cut_off', 'leave_safety_stock'])
);

-- 0 is preferred.
ALTER TABLE warehouse
  ADD COLUMN priority integer NOT NULL DEFAULT 0,
  ADD CONSTRAINT warehouse_priority_in_range CHECK (priority BETWEEN 0 AND 1000000);
