-- depends: 0012c.losses
-- What a count's variances are worth. unit_cost as it was when the session began, in the session's currency.
ALTER TABLE count_session
  ADD COLUMN currency text,                 -- ISO 4217
  ADD COLUMN approval_value numeric(18, 4), -- variances worth more in all need approval. null = none do for their value
  ADD CONSTRAINT count_session_currency_known CHECK (currency ~ '^[A-Z]{3}$'),
  ADD CONSTRAINT count_session_value_not_negative CHECK (approval_value >= 0),
  ADD CONSTRAINT count_session_value_has_currency CHECK (approval_value IS NULL OR currency IS NOT NULL);
ALTER TABLE count_line
  ADD COLUMN unit_cost numeric(14, 4),      -- null = nobody knows
  ADD CONSTRAINT count_line_unit_cost_not_negative CHECK (unit_cost >= 0);
