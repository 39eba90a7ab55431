-- name: read_calendars
SELECT warehouse_id, code, country, time_zone, cutoff_time, handling_days, receiving_days, working_days, holidays,
       holiday_region, closed_on
FROM warehouse ORDER BY code;

-- name: read_calendars_of
SELECT warehouse_id, code, country, time_zone, cutoff_time, handling_days, receiving_days, working_days, holidays,
       holiday_region, closed_on
FROM warehouse WHERE warehouse_id = ANY(:warehouse_ids::uuid[]);

-- name: set_calendar!
UPDATE warehouse SET cutoff_time = :cutoff_time::time, handling_days = :handling_days, receiving_days = :receiving_days,
  working_days = :working_days::integer[], holidays = :holidays, holiday_region = :holiday_region,
  closed_on = :closed_on::date[]
WHERE warehouse_id = :warehouse_id;
