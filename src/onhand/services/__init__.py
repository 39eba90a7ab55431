"""What onhand can do: each owns its transaction or hands a command to the engine."""
