"""Shops to look at and learn from: the generated demo and the replay of real orders."""
