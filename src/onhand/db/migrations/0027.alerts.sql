-- depends: 0014.pages
-- Alerts are written by the engine, with the levels that want attention, and by whoever changes a level's settings: no
-- trigger runs on the hottest table, and distributed tables have none.
DROP TRIGGER level_alerts_begin ON level;
DROP TRIGGER level_alerts_change ON level;
DROP FUNCTION note_stock_alerts();
DROP FUNCTION stock_alerts_of(level);
