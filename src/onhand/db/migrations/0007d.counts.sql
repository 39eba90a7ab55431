-- depends: 0007c.states
-- Cycle counts while selling. The ADJUST that posts a session has the session's id as its operation_id: it is posted once.
CREATE TABLE count_session (
  cell smallint NOT NULL DEFAULT 0,
  count_id uuid NOT NULL,
  warehouse_id uuid NOT NULL REFERENCES warehouse,
  status text NOT NULL DEFAULT 'open',
  approval_limit integer,          -- units; a line that differs by more needs approval. null = none does
  approved_by text,
  created_at timestamptz NOT NULL,
  created_by text NOT NULL,
  posted_at timestamptz,
  CONSTRAINT count_session_pkey PRIMARY KEY (cell, count_id),
  CONSTRAINT count_session_status_known CHECK (status IN ('open', 'posted', 'cancelled')),
  CONSTRAINT count_session_approval_limit_not_negative CHECK (approval_limit >= 0),
  CONSTRAINT count_session_posted_has_time CHECK ((status = 'posted') = (posted_at IS NOT NULL))
);

-- expected is the book when the session began, book is the book in the moment in which counted was written down; each
-- with the version of its last ledger row. counted - book is the variance, whatever was sold before or after.
CREATE TABLE count_line (
  cell smallint NOT NULL DEFAULT 0,
  count_id uuid NOT NULL,
  line smallint NOT NULL,
  product_id uuid NOT NULL,
  expected integer NOT NULL,
  expected_version bigint NOT NULL,
  counted integer,
  book integer,
  book_version bigint,
  CONSTRAINT count_line_pkey PRIMARY KEY (cell, count_id, line),
  CONSTRAINT count_line_product_once UNIQUE (cell, count_id, product_id),
  CONSTRAINT count_line_not_negative CHECK (expected >= 0 AND counted >= 0 AND book >= 0),
  CONSTRAINT count_line_counted_against_a_book
    CHECK ((counted IS NULL) = (book IS NULL) AND (counted IS NULL) = (book_version IS NULL))
);
