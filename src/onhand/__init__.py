"""onhand: the truth about stock. Start reading at docs/architecture.md."""
