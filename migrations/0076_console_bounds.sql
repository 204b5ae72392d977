-- The figures of a school are counted when they are due. 0: at once.
ALTER TABLE school_figure ADD COLUMN due_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX school_figure_due ON school_figure (due_at);

-- bytes: the size of the files. expires_at: when an upload that waits for a decision is stopped.
ALTER TABLE roster_upload ADD COLUMN bytes BIGINT NOT NULL DEFAULT 0;
ALTER TABLE roster_upload ADD COLUMN expires_at BIGINT;
CREATE INDEX roster_upload_undecided ON roster_upload (academy, uai, bytes)
  WHERE state IN ('receiving', 'received', 'waiting', 'writing');

-- The last step of a draft that is done in steps (state: also doing, cut).
ALTER TABLE console_draft ADD COLUMN carried_at BIGINT;
CREATE INDEX console_draft_doing ON console_draft (carried_at) WHERE state = 'doing';

-- undo_first_by: the first of two persons who undo it.
ALTER TABLE roster_upload ADD COLUMN undo_first_by TEXT;
ALTER TABLE roster_upload ADD COLUMN undone_by TEXT;
ALTER TABLE roster_upload ADD COLUMN undo_reason TEXT NOT NULL DEFAULT '';

-- The terms of days and of batches.
CREATE INDEX campaign_day_day ON campaign_day (day);
CREATE INDEX letter_batch_printed ON letter_batch (printed_at);
-- asks_others: its difference needed somebody else's agreement at some time.
ALTER TABLE roster_upload ADD COLUMN asks_others BOOLEAN NOT NULL DEFAULT FALSE;
