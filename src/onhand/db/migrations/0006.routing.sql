-- depends: 0001.stock
-- Where postal codes lie, as imported from GeoNames. Country centres come from a library.

CREATE TABLE postal_code (
  country text NOT NULL,               -- ISO 3166-1 alpha-2
  postal_code text NOT NULL,           -- upper case, without spaces and hyphens
  latitude double precision NOT NULL,  -- mean of the places that share the code
  longitude double precision NOT NULL,
  CONSTRAINT postal_code_pkey PRIMARY KEY (country, postal_code),
  CONSTRAINT postal_code_latitude_on_earth CHECK (latitude BETWEEN -90 AND 90),
  CONSTRAINT postal_code_longitude_on_earth CHECK (longitude BETWEEN -180 AND 180)
);
