-- name: sum_shelves
-- Units on hand, and how many products have any, wherever it lies.
SELECT coalesce(sum(on_hand), 0)::bigint AS on_hand, count(DISTINCT product_id) FILTER (WHERE on_hand > 0) AS filled
FROM level WHERE cell = :cell;
