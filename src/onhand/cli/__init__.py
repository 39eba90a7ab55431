"""The onhand command."""
