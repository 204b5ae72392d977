-- Messages whose gateway says later whether they arrived, by the gateway's own id, until it does: whose number it was, so
-- that the school hears of one that is not reachable. `persons` is a list of ids in JSON.
CREATE TABLE sms_handed (
    gateway TEXT NOT NULL,
    message_id TEXT NOT NULL,
    persons TEXT NOT NULL,
    support_code TEXT NOT NULL,
    sent_at BIGINT NOT NULL,
    PRIMARY KEY (gateway, message_id)
);
CREATE INDEX sms_handed_by_age ON sms_handed (sent_at);

-- The academy of the person whom a code was sent to, by which its conversion is counted.
ALTER TABLE challenge ADD COLUMN academy TEXT;

-- Codes sent to people of an academy at home that a gateway took, and codes entered, by the five minutes since 1970.
CREATE TABLE sms_academy_traffic (
    academy TEXT NOT NULL,
    slot BIGINT NOT NULL,
    sent BIGINT NOT NULL,
    entered BIGINT NOT NULL,
    PRIMARY KEY (academy, slot)
);

-- The landline that a school wrote as mobile number, where calls speak codes: sealed, and by its HMAC.
ALTER TABLE person ADD COLUMN landline TEXT;
ALTER TABLE person ADD COLUMN landline_blind TEXT;
CREATE INDEX person_landline ON person (landline_blind) WHERE landline_blind IS NOT NULL;
