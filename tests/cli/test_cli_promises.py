"""onhand promises."""

import psycopg

from cli.cli_tools import answered, onhand, refused

FILL = """
INSERT INTO product (product_id, sku, name, created_at, updated_at)
  VALUES (md5('p')::uuid, 'MUG', 'Mug', now(), now());
INSERT INTO warehouse (warehouse_id, code, name, latitude, longitude, created_at, updated_at)
  VALUES (md5('w')::uuid, 'LEJ1', 'Leipzig', 51, 12, now(), now());
INSERT INTO reservation (reservation_id, status, order_id, created_at)
  SELECT md5('r' || n)::uuid, 'active', 'SO-' || n, now() FROM generate_series(1, 3) n;
INSERT INTO reservation_line (reservation_id, line, product_id, warehouse_id, quantity, backordered)
  SELECT md5('r' || n)::uuid, 0, md5('p')::uuid, md5('w')::uuid, 2, 2 FROM generate_series(1, 3) n;
INSERT INTO promise (reservation_id, line, warehouse_id, product_id, told_at, told_from, told_to, ships_from, ships_to,
                     evidence, changed_at)
  SELECT md5('r' || n)::uuid, 0, md5('w')::uuid, md5('p')::uuid, now(), '2026-03-04', '2026-03-06',
         '2026-03-03'::date + n, '2026-03-05'::date + n, '[{"type": "purchase_order", "supplier": "ACME"}]', now()
  FROM generate_series(1, 3) n
"""


def test_promises_at_risk_are_listed(fresh_database_url: str) -> None:
    assert answered("promises", "list", url=fresh_database_url) == []
    assert "nobody waits" in onhand("promises", "list", url=fresh_database_url).stderr
    with psycopg.connect(fresh_database_url, autocommit=True) as connection:
        connection.execute(FILL)
    orders = {each["order_id"]: each["late_days"] for each in answered("promises", "at-risk", url=fresh_database_url)}
    assert orders == {"SO-2": 1, "SO-3": 2}
    assert len(answered("promises", "list", "--sku", "MUG", url=fresh_database_url)) == 3
    table = onhand("promises", "at-risk", "--warehouse", "LEJ1", "--limit", "1", url=fresh_database_url)
    assert "2026-03-04 – 03-06" in table.stdout
    assert "ACME" in table.stdout
    assert "--limit shows more than 1" in table.stderr


def test_what_does_not_exist_is_said(fresh_database_url: str) -> None:
    assert "nothing" in refused("promises", "list", "--sku", "nothing", url=fresh_database_url, exit_code=1)
    assert "--limit" in refused("promises", "list", "--limit", "0", url=fresh_database_url)
