-- The figures of a school are counted when they are due. 0: at once.
ALTER TABLE school_figure ADD COLUMN due_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX school_figure_due ON school_figure (due_at);
