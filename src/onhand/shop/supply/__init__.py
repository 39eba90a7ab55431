"""A replayed shop whose stock comes from suppliers, by what onhand itself orders."""
