"""Reading a shop's order file, and what a shop would have done on each of its days. Pure but for run.py."""
