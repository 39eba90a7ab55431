"""What happens by the clock: holds run out, old idempotency keys go."""
