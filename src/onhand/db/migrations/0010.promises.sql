-- depends: 0008.web
-- When a warehouse ships, so that a promise can name a day. Times and days are the warehouse's own.
ALTER TABLE warehouse
  ADD COLUMN cutoff_time time DEFAULT '14:00',           -- orders before it are begun on the same day; null = midnight
  ADD COLUMN handling_days smallint NOT NULL DEFAULT 0,  -- working days from then until they ship
  ADD COLUMN receiving_days smallint NOT NULL DEFAULT 1, -- working days from the arrival of stock until it is packed
  ADD COLUMN working_days integer[] NOT NULL DEFAULT '{1,2,3,4,5}', -- ISO 8601: 1 = Monday
  ADD COLUMN holidays boolean NOT NULL DEFAULT true,     -- closed on the public holidays of its country
  ADD COLUMN holiday_region text,                        -- ISO 3166-2 without the country, such as SN
  ADD COLUMN closed_on date[] NOT NULL DEFAULT '{}',     -- further days on which nothing ships
  ADD CONSTRAINT warehouse_calendar_in_range CHECK (
    handling_days BETWEEN 0 AND 60 AND receiving_days BETWEEN 0 AND 60
    AND cardinality(working_days) BETWEEN 1 AND 7 AND working_days <@ '{1,2,3,4,5,6,7}'
    AND cardinality(closed_on) <= 200);

-- What is on its way of a product; lines that have arrived leave it.
CREATE INDEX transfer_line_open ON transfer_line (cell, product_id) WHERE quantity > received + cancelled;
