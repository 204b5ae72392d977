-- From when /compte offers a passkey to an account without one; absent: a month after its password.
ALTER TABLE account ADD COLUMN passkey_offer_from BIGINT;
