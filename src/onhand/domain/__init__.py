"""The rules, pure: no I/O, no clock, no random. Tested without a database."""
