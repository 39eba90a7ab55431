"""The demo's shop: what it sells and what happened in its last 90 days. Pure but for run.py."""
