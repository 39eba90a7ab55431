-- depends: 0013.lead_times
-- Where a supplier works: its working days leave out the public holidays there. null = only weekends.
ALTER TABLE supplier
  ADD COLUMN country text,                 -- ISO 3166-1 alpha-2
  ADD COLUMN holiday_region text,          -- ISO 3166-2 without the country, such as SN
  ADD CONSTRAINT supplier_region_is_of_a_country CHECK (holiday_region IS NULL OR country IS NOT NULL);
