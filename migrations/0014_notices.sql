-- A notice that was seen to stays for the record; settled_at: when.
ALTER TABLE notice ADD COLUMN settled_at BIGINT;

-- What is wrong with TEL_PORTABLE (landline, incomplete), how what stands there ends, and which other column holds a
-- mobile: for the school, that mends it. Such a number is never used.
ALTER TABLE person ADD COLUMN phone_why TEXT;
ALTER TABLE person ADD COLUMN phone_end TEXT;
ALTER TABLE person ADD COLUMN mobile_in TEXT;
