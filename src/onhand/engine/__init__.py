"""The only writer of stock: commands in batches, rows locked in one order, one commit."""
