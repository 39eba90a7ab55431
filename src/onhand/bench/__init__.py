"""Measuring onhand beside the textbook: seeded workloads, ratios to pgbench in the same run, every answer audited."""
