"""The laws of DESIGN.md, read from the tables by SQL that shares nothing with the code under test."""

from typing import Any

from onhand.db.query import Connection

ON_HAND_SUM = "sum(quantity) FILTER (WHERE type IN ('RECEIVE', 'FULFILL', 'ADJUST', 'TRANSFER'))"
RESERVED_SUM = """
sum(CASE type WHEN 'RESERVE' THEN -quantity WHEN 'RELEASE' THEN -quantity WHEN 'FULFILL' THEN quantity ELSE 0 END)
"""
BROKEN = {
    "who wants attention is noted, and nobody else": """
        SELECT * FROM (
          SELECT level.cell, kind.name AS kind, sku, product_id, warehouse_id FROM level JOIN product USING (product_id)
          CROSS JOIN LATERAL (VALUES ('below', on_hand - backordered < reorder_threshold), ('none', on_hand = 0),
            ('reorder', on_hand - backordered + quality_control < reorder_threshold),
            ('backordered', backordered > 0)) kind (name, holds) WHERE kind.holds
        ) wanted FULL JOIN stock_alert USING (cell, kind, sku, product_id, warehouse_id)
        WHERE wanted.cell IS DISTINCT FROM stock_alert.cell
    """,
    "law 1: quantities of a level": """
        SELECT level.* FROM level
        WHERE NOT (on_hand >= 0 AND 0 <= backordered AND backordered <= reserved AND reserved - backordered <= on_hand)
           OR (on_hand > reserved - backordered AND backordered > 0)
    """,
    "law 2: the sum of the ledger is the level": f"""
        SELECT level.*, sums.* FROM level FULL JOIN (
          SELECT cell, product_id, warehouse_id, coalesce({ON_HAND_SUM}, 0) AS on_hand_sum,
                 {RESERVED_SUM} AS reserved_sum, count(*) AS rows
          FROM ledger GROUP BY cell, product_id, warehouse_id
        ) sums USING (cell, product_id, warehouse_id)
        WHERE level.on_hand IS DISTINCT FROM coalesce(on_hand_sum, 0)
           OR level.reserved IS DISTINCT FROM coalesce(reserved_sum, 0)
           OR level.version IS DISTINCT FROM coalesce(rows, 0)
    """,
    "law 2: open reservations are what is reserved": """
        SELECT level.*, open, waiting FROM level FULL JOIN (
          SELECT cell, product_id, warehouse_id, sum(quantity - fulfilled - released) AS open,
                 sum(backordered) AS waiting
          FROM reservation_line GROUP BY cell, product_id, warehouse_id
        ) held USING (cell, product_id, warehouse_id)
        WHERE level.reserved IS DISTINCT FROM coalesce(open, 0)
           OR level.backordered IS DISTINCT FROM coalesce(waiting, 0)
    """,
    "law 2: what moved into and out of a state is what is in it": """
        SELECT level.*, sums.* FROM level FULL JOIN (
          SELECT cell, product_id, warehouse_id,
                 sum(CASE state WHEN 'damaged' THEN quantity ELSE 0 END) AS damaged_sum,
                 sum(CASE state WHEN 'quality_control' THEN quantity ELSE 0 END) AS quality_control_sum,
                 sum(CASE state WHEN 'safety_stock' THEN quantity ELSE 0 END) AS set_aside_sum
          FROM ledger_state GROUP BY cell, product_id, warehouse_id
        ) sums USING (cell, product_id, warehouse_id)
        WHERE level.damaged IS DISTINCT FROM coalesce(damaged_sum, 0)
           OR level.quality_control IS DISTINCT FROM coalesce(quality_control_sum, 0)
           OR level.set_aside IS DISTINCT FROM coalesce(set_aside_sum, 0)
    """,
    "what moved between states has its ledger row": """
        SELECT moved.* FROM ledger_state moved WHERE NOT EXISTS (
          SELECT FROM ledger WHERE (ledger.txn_id, ledger.product_id, ledger.warehouse_id)
            = (moved.txn_id, moved.product_id, moved.warehouse_id) AND ledger.type IN ('RECEIVE', 'ADJUST', 'TRANSFER'))
    """,
    "what was lost on its way is in the ledger": """
        SELECT * FROM (
          SELECT product_id, to_warehouse_id AS warehouse_id, sum(lost) AS told
          FROM transfer JOIN transfer_line USING (cell, transfer_id) GROUP BY product_id, to_warehouse_id
        ) lines FULL JOIN (
          SELECT product_id, warehouse_id, sum(quantity) AS booked FROM ledger_state
          WHERE state = 'lost' GROUP BY product_id, warehouse_id
        ) rows USING (product_id, warehouse_id) WHERE coalesce(told, 0) <> coalesce(booked, 0)
    """,
    "what is under way is incoming": """
        SELECT level.*, open FROM level FULL JOIN (
          SELECT cell, product_id, warehouse_id, sum(open) AS open FROM (
            SELECT cell, product_id, to_warehouse_id AS warehouse_id, quantity - received - cancelled AS open
            FROM transfer JOIN transfer_line USING (cell, transfer_id)
            UNION ALL
            SELECT cell, product_id, warehouse_id, greatest(0, quantity - received - cancelled)
            FROM purchase_order JOIN purchase_order_line USING (cell, purchase_order_id) WHERE status <> 'draft'
          ) ways GROUP BY cell, product_id, warehouse_id
        ) under_way USING (cell, product_id, warehouse_id)
        WHERE level.incoming IS DISTINCT FROM coalesce(open, 0)
    """,
    "each ledger row follows from the one before": """
        SELECT * FROM (
          SELECT ledger.*, row_number() OVER level AS expected_version,
                 on_hand - coalesce(lag(on_hand) OVER level, 0) AS on_hand_change,
                 reserved - coalesce(lag(reserved) OVER level, 0) AS reserved_change
          FROM ledger WINDOW level AS (PARTITION BY cell, product_id, warehouse_id ORDER BY version)
        ) chain
        WHERE version <> expected_version
           OR on_hand_change <> CASE WHEN type IN ('RESERVE', 'RELEASE') THEN 0 ELSE quantity END
           OR reserved_change <> CASE type WHEN 'RESERVE' THEN -quantity WHEN 'RELEASE' THEN -quantity
                                           WHEN 'FULFILL' THEN quantity ELSE 0 END
    """,
    "closed reservations hold nothing, open ones something": """
        SELECT reservation.*, open FROM reservation JOIN (
          SELECT cell, reservation_id, sum(quantity - fulfilled - released) AS open, sum(fulfilled) AS fulfilled
          FROM reservation_line GROUP BY cell, reservation_id
        ) lines USING (cell, reservation_id)
        WHERE (open > 0) <> (status IN ('active', 'partially_fulfilled'))
           OR (status = 'active' AND fulfilled > 0) OR (status = 'released' AND fulfilled > 0)
           OR (status = 'partially_fulfilled' AND fulfilled = 0) OR (status = 'fulfilled' AND fulfilled = 0)
    """,
    "every operation has ledger rows, and every ledger row its operation": """
        SELECT operation.operation_id, ledger.operation_id FROM operation
        FULL JOIN ledger ON ledger.operation_id = operation.operation_id AND ledger.type = operation.type
        WHERE operation.operation_id IS NULL OR ledger.operation_id IS NULL
    """,
    "nothing comes back that was not shipped": """
        SELECT held.*, back FROM reservation_line held JOIN (
          SELECT cell, reservation_id, reservation_line AS line, from_warehouse_id AS warehouse_id,
                 sum(quantity) AS back
          FROM customer_return_line WHERE disposition IN ('restock', 'damaged', 'quality_control')
          GROUP BY cell, reservation_id, reservation_line, from_warehouse_id
        ) returned USING (cell, reservation_id, line, warehouse_id) WHERE back > fulfilled
    """,
}


async def broken_laws(connection: Connection) -> dict[str, list[Any]]:
    """Law → the rows that break it; empty when all is well. In one snapshot, so it may run beside writers."""
    broken = {}
    async with connection.transaction():
        await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        for law, query in BROKEN.items():
            if rows := await (await connection.execute(query)).fetchall():
                broken[law] = rows
    return broken
